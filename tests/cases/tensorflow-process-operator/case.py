"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.tensorflow import node, saved_model, text


def fires() -> bytes:
    return saved_model(node("a", "Abort", error_msg=text("end")))


def quiet() -> bytes:
    return saved_model(node("a", "NoOp", error_msg=text("end")))
