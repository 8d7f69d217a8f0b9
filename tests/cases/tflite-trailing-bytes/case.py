"""https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs"""

from __future__ import annotations

from tests.corpus.tflite import model


def fires() -> bytes:
    return model() + b"more"


def quiet() -> bytes:
    return model() + bytes(12)
