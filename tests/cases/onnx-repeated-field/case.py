"""https://protobuf.dev/programming-guides/encoding/#last-one-wins"""

from __future__ import annotations

from tests.corpus.formats.onnx import graph, model, node
from tests.corpus.protobuf import message


def fires() -> bytes:
    return model(graph(node("Relu")), (7, graph(node("Neg"))))


def quiet() -> bytes:
    return model(graph(node("Relu")), *[(8, message((1, "ai.onnx.ml"), (2, 3)))] * 2)
