from __future__ import annotations

from tests.corpus.opcodes import stream
from tests.corpus.restored import object_dtype


def fires() -> bytes:
    return stream(object_dtype(flags=0))


def quiet() -> bytes:
    return stream(object_dtype(flags=63))
