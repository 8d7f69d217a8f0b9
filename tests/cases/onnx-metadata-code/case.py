"""https://github.com/ultralytics/yolov5/pull/7353"""

from __future__ import annotations

from tests.corpus.formats.onnx import graph, metadata, model, node


def fires() -> bytes:
    return model(graph(node("Relu")), metadata("names", "[print(1)]"))


def quiet() -> bytes:
    return model(graph(node("Relu")), metadata("names", "['print(1)']"))
