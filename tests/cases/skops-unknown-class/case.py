"""https://skops.readthedocs.io/en/stable/persistence.html"""

from __future__ import annotations

from tests.corpus.formats import skops


def fires() -> bytes:
    return skops.ordinary()["unknown-class"]


def quiet() -> bytes:
    return skops.ordinary()["estimator"]
