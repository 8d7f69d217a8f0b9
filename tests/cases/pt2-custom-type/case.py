"""https://docs.pytorch.org/docs/stable/export/pt2_archive.html"""

from __future__ import annotations

from tests.corpus.formats import pt2


def fires() -> bytes:
    return pt2.pt2(pt2.program(spec='[1, {"fqn": "mylibrary.kinds:Kind"}]'))


def quiet() -> bytes:
    return pt2.ordinary()["enum"]
