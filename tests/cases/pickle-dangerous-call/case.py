from __future__ import annotations

from tests.cases.build import SYSTEM
from tests.corpus.opcodes import call, stream, text, tup


def fires() -> bytes:
    return stream(call(SYSTEM, text("true")))


def quiet() -> bytes:
    return stream(tup(text("os.system"), text("true")))
