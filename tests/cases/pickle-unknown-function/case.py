from __future__ import annotations

from tests.corpus.opcodes import call, name, number, stream


def fires() -> bytes:
    return stream(call(name("somewhere", "restore"), number(1)))


def quiet() -> bytes:
    return stream(call(name("somewhere", "Restored"), number(1)))
