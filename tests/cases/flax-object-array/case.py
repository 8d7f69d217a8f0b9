"""https://github.com/google/flax/blob/main/flax/serialization.py"""

from __future__ import annotations

from tests.corpus.formats.msgpack import array, params


def fires() -> bytes:
    return params(kernel=array([1], "object", bytes(8)))


def quiet() -> bytes:
    return params(kernel=array([1], "uint64", bytes(8)))
