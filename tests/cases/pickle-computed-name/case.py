from __future__ import annotations

from tests.corpus.opcodes import call, name, stacked, stream, text


def fires() -> bytes:
    return stream(stacked(text("collections"), call(name("builtins", "str"), text("OrderedDict"))))


def quiet() -> bytes:
    return stream(stacked(text("collections"), text("OrderedDict")))
