"""https://onnxruntime.ai/docs/reference/operators/add-custom-op.html"""

from __future__ import annotations

from tests.corpus.formats.onnx import function, graph, model, node, of


def fires() -> bytes:
    return of(node("Run", "com.example"))


def quiet() -> bytes:
    return model(graph(node("Run", "com.example")), (25, function("Run", node("Relu"), domain="com.example")))
