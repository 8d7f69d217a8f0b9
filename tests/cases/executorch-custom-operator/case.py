"""https://github.com/pytorch/executorch/blob/main/schema/program.fbs"""

from __future__ import annotations

from tests.corpus.tflite import program


def fires() -> bytes:
    return program(operators=("mine::attention",))


def quiet() -> bytes:
    return program(operators=("aten::softmax",))
