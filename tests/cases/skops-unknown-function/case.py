"""https://skops.readthedocs.io/en/stable/persistence.html"""

from __future__ import annotations

from tests.corpus.formats import skops


def fires() -> bytes:
    return skops.skops(skops.function("mylibrary.transform"))


def quiet() -> bytes:
    return skops.skops(skops.function("numpy.log1p"))
