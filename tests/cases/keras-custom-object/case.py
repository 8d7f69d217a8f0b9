"""https://keras.io/guides/serialization_and_saving/"""

from __future__ import annotations

from tests.corpus.keras import layer, made, saved, sequential


def fires() -> bytes:
    return saved(sequential(made("my.layers", "Gate")))


def quiet() -> bytes:
    return saved(sequential(layer("Dense", units=1)))
