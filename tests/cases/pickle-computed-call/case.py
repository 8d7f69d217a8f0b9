from __future__ import annotations

from tests.corpus.opcodes import call, name, stream


def fires() -> bytes:
    return stream(call(call(name("builtins", "object"))))


def quiet() -> bytes:
    return stream(call(name("builtins", "object")))
