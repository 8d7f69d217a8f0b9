"""https://protobuf.dev/programming-guides/proto3/#unknowns"""

from __future__ import annotations

from tests.corpus.tensorflow import INPUT, saved_model


def fires() -> bytes:
    return saved_model(INPUT, more=((9, b"more"),))


def quiet() -> bytes:
    return saved_model(INPUT, more=((4, b""),))
