from __future__ import annotations

from tests.corpus.opcodes import call, name, stream, text


def fires() -> bytes:
    return stream(call(name("somewhere", "Restored"), text("some free text")))


def quiet() -> bytes:
    return stream(call(name("somewhere", "Restored"), text("float32")))
