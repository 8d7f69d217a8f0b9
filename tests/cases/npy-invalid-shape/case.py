from __future__ import annotations

from tests.cases.build import npy_header
from tests.corpus.files import npy


def fires() -> bytes:
    return npy(npy_header(shape="(-1,)"), b"")


def quiet() -> bytes:
    return npy(npy_header(shape="(0,)"), b"")
