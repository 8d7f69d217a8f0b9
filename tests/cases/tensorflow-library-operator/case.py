"""https://www.tensorflow.org/guide/create_op"""

from __future__ import annotations

from tests.corpus.tensorflow import INPUT, node, saved_model


def fires() -> bytes:
    return saved_model(INPUT, node("y", "SentencepieceOp", "x"))


def quiet() -> bytes:
    return saved_model(INPUT, node("y", "StringLower", "x"))
