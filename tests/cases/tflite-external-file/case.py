"""https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs"""

from __future__ import annotations

from tests.corpus.flatbuffer import Table
from tests.corpus.tflite import model


def fires() -> bytes:
    return model(f8=[Table({0: "/etc/passwd"})])


def quiet() -> bytes:
    return model(f8=[Table({0: "weights.bin"})])
