"""https://github.com/google/flax/blob/main/flax/serialization.py"""

from __future__ import annotations

from tests.corpus.formats.msgpack import array, params


def fires() -> bytes:
    return params(kernel=array([2, 300], "float32", bytes(24)))


def quiet() -> bytes:
    return params(kernel=array([2, 3], "float32", bytes(24)))
