"""https://github.com/onnx/onnx/blob/main/onnx/onnx.proto"""

from __future__ import annotations

from tests.corpus.formats.onnx import graph, model, node, raw


def fires() -> bytes:
    return model(graph(node("Relu")), (99, bytes(5000)))


def quiet() -> bytes:
    return model(graph(node("Relu"), tensors=(raw(bytes(8000), dims=(2000,)),)), (6, "A description.\n" * 400))
