"""https://github.com/google/flax/blob/main/flax/serialization.py"""

from __future__ import annotations

from tests.corpus.formats.msgpack import array, params


def fires() -> bytes:
    return params(kernel=array([1], "posit32", bytes(4)))


def quiet() -> bytes:
    return params(kernel=array([1], "float8_e5m2fnuz", bytes(1)))
