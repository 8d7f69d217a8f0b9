from __future__ import annotations

import pickle

from tests.corpus.opcodes import stream, text


def fires() -> bytes:
    return stream(text("id") + pickle.BINPERSID)


def quiet() -> bytes:
    return stream(text("id"))
