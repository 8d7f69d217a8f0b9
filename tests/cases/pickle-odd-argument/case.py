from __future__ import annotations

from tests.corpus.opcodes import array, call, name, number, stream


def fires() -> bytes:
    return stream(call(name("builtins", "list"), call(name("builtins", "object"))))


def quiet() -> bytes:
    return stream(call(name("builtins", "list"), array(number(1))))
