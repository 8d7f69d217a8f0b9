"""https://protobuf.dev/programming-guides/encoding/#last-one-wins"""

from __future__ import annotations

from tests.corpus.protobuf import message
from tests.corpus.tensorflow import INPUT, saved_model


def fires() -> bytes:
    return saved_model(INPUT, message((1, "y"), (2, "Identity"), (2, "NoOp")))


def quiet() -> bytes:
    return saved_model(INPUT, message((1, "y"), (2, "Identity")), message((1, "z"), (2, "NoOp")))
