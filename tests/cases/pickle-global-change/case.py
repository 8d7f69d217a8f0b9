from __future__ import annotations

from tests.corpus.opcodes import build, call, mapping, name, number, stream


def fires() -> bytes:
    return stream(build(name("types", "SimpleNamespace"), mapping(x=number(1))))


def quiet() -> bytes:
    return stream(build(call(name("types", "SimpleNamespace")), mapping(x=number(1))))
