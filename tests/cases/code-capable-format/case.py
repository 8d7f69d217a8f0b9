from __future__ import annotations

from tests.corpus.opcodes import NONE, stream


def fires() -> bytes:
    return stream(NONE)


def quiet() -> bytes:
    return b"\x93NUMPY"
