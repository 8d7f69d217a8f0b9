"""https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs"""

from __future__ import annotations

from tests.corpus.flatbuffer import Table, u64
from tests.corpus.tflite import WEIGHTS, model


def fires() -> bytes:
    return model(buffers=[Table(), Table({1: u64(1 << 40), 2: u64(24)})])


def quiet() -> bytes:
    return model(buffers=[Table(), Table({1: u64(1024), 2: u64(24)})]).ljust(1024, b"\0") + WEIGHTS
