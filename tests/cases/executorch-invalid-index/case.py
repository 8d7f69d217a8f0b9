"""https://github.com/pytorch/executorch/blob/main/schema/program.fbs"""

from __future__ import annotations

from tests.corpus.tflite import program


def fires() -> bytes:
    return program(arguments=(0, 900))


def quiet() -> bytes:
    return program(arguments=(0, 1))
