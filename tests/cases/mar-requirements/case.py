"""https://github.com/pytorch/serve/blob/master/model-archiver/README.md"""

from __future__ import annotations

from tests.corpus.formats import mar


def fires() -> bytes:
    return mar.ordinary()["requirements"]


def quiet() -> bytes:
    return mar.ordinary()["own-handler"]
