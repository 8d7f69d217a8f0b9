"""https://github.com/onnx/onnx/blob/main/docs/IR.md"""

from __future__ import annotations

from tests.corpus.formats.onnx import function, graph, model, node


def fires() -> bytes:
    return model(graph(node("f", "local")), (25, function("f", node("f", "local"))))


def quiet() -> bytes:
    return model(
        graph(node("f", "local")), (25, function("f", node("g", "local"), node("g", "local"))), (25, function("g"))
    )
