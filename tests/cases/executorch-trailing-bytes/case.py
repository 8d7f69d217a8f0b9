"""https://github.com/pytorch/executorch/blob/main/schema/program.fbs"""

from __future__ import annotations

from tests.corpus.tflite import program


def fires() -> bytes:
    return program() + b"more"


def quiet() -> bytes:
    return program() + bytes(12)
