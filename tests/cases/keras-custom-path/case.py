"""https://www.tensorflow.org/hub/api_docs/python/hub/KerasLayer"""

from __future__ import annotations

from tests.corpus.keras import made, saved, sequential


def fires() -> bytes:
    return saved(sequential(made("tensorflow_hub.keras_layer", "KerasLayer", {"handle": "https://example.org/model"})))


def quiet() -> bytes:
    return saved(sequential(made("my.layers", "Gate", {"units": 2, "mode": "a/b", "equation": "abc,cd->abd"})))
