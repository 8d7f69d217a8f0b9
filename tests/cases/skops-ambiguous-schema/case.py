"""https://skops.readthedocs.io/en/stable/persistence.html"""

from __future__ import annotations

from tests.corpus.formats import skops


def fires() -> bytes:
    return skops.hostile()["two-loaders"]


def quiet() -> bytes:
    return skops.ordinary()["estimator"]
