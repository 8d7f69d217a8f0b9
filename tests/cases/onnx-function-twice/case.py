"""https://github.com/onnx/onnx/blob/main/docs/IR.md"""

from __future__ import annotations

from tests.corpus.formats.onnx import function, graph, model, node


def fires() -> bytes:
    return model(graph(node("f", "local")), *[(25, function("f", node("Neg")))] * 2)


def quiet() -> bytes:
    return model(graph(node("f", "local")), (25, function("f")), (25, function("f", more=((13, "overload"),))))
