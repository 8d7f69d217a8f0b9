from __future__ import annotations

from tests.cases.build import SYSTEM
from tests.corpus.opcodes import stream, text


def fires() -> bytes:
    return stream(SYSTEM)


def quiet() -> bytes:
    return stream(text("os system"))
