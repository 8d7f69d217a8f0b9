"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.tensorflow import INPUT, node, saved_model, text


def fires() -> bytes:
    return saved_model(INPUT, node("py", "PyFunc", "x", token=text("pyfunc_0")))


def quiet() -> bytes:
    return saved_model(INPUT, node("PyFunc", "Identity", "x"))
