"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.tensorflow import constant, node, saved_model


def fires() -> bytes:
    return saved_model(constant("a", "grpc://localhost:1"), node("c", "RpcClient", "a"))


def quiet() -> bytes:
    return saved_model(constant("a", "grpc://localhost:1"), node("c", "Identity", "a"))
