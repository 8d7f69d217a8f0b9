from __future__ import annotations

from tests.cases.build import npy_header
from tests.corpus.files import npy


def fires() -> bytes:
    return npy(npy_header(), bytes(16)) + b"more"


def quiet() -> bytes:
    return npy(npy_header(), bytes(16)) + npy(npy_header(), bytes(16))
