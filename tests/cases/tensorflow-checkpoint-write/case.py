"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.tensorflow import SAVER, TRACED, constant, node, saved_model


def fires() -> bytes:
    return saved_model(*SAVER, constant("p", "/tmp/mark"), node("s", "SaveV2", "p", "x", "x"), functions=TRACED)


def quiet() -> bytes:
    return saved_model(*SAVER, constant("p", "model"), node("s", "SaveV2", "p", "x", "x"), functions=TRACED)
