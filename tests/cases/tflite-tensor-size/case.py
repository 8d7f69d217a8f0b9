"""https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs"""

from __future__ import annotations

from tests.corpus.tflite import model, subgraph, tensor


def fires() -> bytes:
    return model(graphs=[subgraph([tensor((20, 30)), tensor(buffer=0)])])


def quiet() -> bytes:
    return model(graphs=[subgraph([tensor((3, 2)), tensor(buffer=0)])])
