from __future__ import annotations

import pickle

from tests.corpus.opcodes import TRUE, build, mapping, name, new, number, stream

_SERIALIZER = new(name("acme", "Serializer"))


def fires() -> bytes:
    return stream(build(_SERIALIZER, mapping(write=name("acme", "write"))) + TRUE + pickle.APPEND)


def quiet() -> bytes:
    """Items first, and the state behind them."""
    return stream(build(_SERIALIZER + number(1) + pickle.APPEND, mapping(write=name("acme", "write"))))
