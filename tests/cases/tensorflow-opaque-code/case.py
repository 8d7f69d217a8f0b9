"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.tensorflow import constant, graph, node, saved_model


def fires() -> bytes:
    return saved_model(constant("g", graph(node("n", "NoOp"))), node("d", "DatasetFromGraph", "g"))


def quiet() -> bytes:
    return saved_model(constant("g", graph(node("n", "NoOp"))), node("d", "DecodeRaw", "g"))
