from __future__ import annotations

from tests.corpus.opcodes import name, stream


def fires() -> bytes:
    return stream(name("turtle", "Turtle"))


def quiet() -> bytes:
    return stream(name("collections", "OrderedDict"))
