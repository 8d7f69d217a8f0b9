"""https://docs.pytorch.org/docs/stable/export/pt2_archive.html"""

from __future__ import annotations

from tests.corpus.formats import pt2


def fires() -> bytes:
    return pt2.hostile()["source-that-is-compiled"]


def quiet() -> bytes:
    return pt2.ordinary()["program"]
