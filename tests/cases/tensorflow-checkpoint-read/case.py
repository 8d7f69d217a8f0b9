"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.tensorflow import constant, node, saved_model


def fires() -> bytes:
    return saved_model(constant("p", "/home/me/bert.ckpt"), node("r", "RestoreV2", "p", "x", "x"))


def quiet() -> bytes:
    return saved_model(constant("p", "model"), node("r", "RestoreV2", "p", "x", "x"))
