from __future__ import annotations

import pickle

from tests.corpus.opcodes import stream


def fires() -> bytes:
    return stream(pickle.EXT1 + b"\7")


def quiet() -> bytes:
    return stream(pickle.BININT1 + b"\7")
