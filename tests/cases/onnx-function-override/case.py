"""https://github.com/onnx/onnx/blob/main/docs/IR.md"""

from __future__ import annotations

from tests.corpus.formats.onnx import function, graph, model, node


def fires() -> bytes:
    return model(graph(node("Relu")), (25, function("Relu", node("Neg"), domain="ai.onnx")))


def quiet() -> bytes:
    return model(graph(node("Relu", "my")), (25, function("Relu", node("Neg"), domain="my")))
