"""https://keras.io/api/layers/core_layers/lambda/"""

from __future__ import annotations

from tests.corpus.keras import function, layer, saved, sequential


def fires() -> bytes:
    return saved(sequential(layer("Lambda", function=function("builtins", "my_function"))))


def quiet() -> bytes:
    return saved(sequential(layer("Lambda", function=function("builtins", "relu"))))
