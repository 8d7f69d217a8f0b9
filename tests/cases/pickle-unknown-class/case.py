from __future__ import annotations

from tests.corpus.opcodes import name, new, stream


def fires() -> bytes:
    return stream(new(name("somewhere", "Restored")))


def quiet() -> bytes:
    return stream(new(name("builtins", "object")))
