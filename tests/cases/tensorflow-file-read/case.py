"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.tensorflow import constant, node, saved_model


def fires() -> bytes:
    return saved_model(constant("path", "/etc/passwd"), node("r", "ReadFile", "path"))


def quiet() -> bytes:
    return saved_model(constant("path", "/etc/passwd"), node("r", "ReadVariableOp", "path"))
