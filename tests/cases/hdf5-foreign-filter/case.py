"""https://github.com/lucasvr/hdf5-udf"""

from __future__ import annotations

from tests.corpus.formats.hdf5 import hostile, ordinary


def fires() -> bytes:
    return hostile()["filter that runs a program"]


def quiet() -> bytes:
    return ordinary()["compressed"]
