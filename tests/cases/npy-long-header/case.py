from __future__ import annotations

from tests.cases.build import npy_header
from tests.corpus.files import npy


def fires() -> bytes:
    return npy(npy_header().ljust(10_001), bytes(16))


def quiet() -> bytes:
    return npy(npy_header().ljust(9_999), bytes(16))
