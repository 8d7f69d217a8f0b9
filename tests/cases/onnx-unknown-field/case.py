"""https://github.com/onnx/onnx/blob/main/onnx/onnx.proto"""

from __future__ import annotations

from tests.corpus.formats.onnx import graph, model, node
from tests.corpus.protobuf import message


def fires() -> bytes:
    return model(graph(node("Relu")), (40, "new"))


def quiet() -> bytes:
    return model(graph(node("Relu")), (26, message((1, "device"), (2, 4))))
