"""https://nvd.nist.gov/vuln/detail/CVE-2025-54412"""

from __future__ import annotations

from tests.corpus.formats import skops


def fires() -> bytes:
    return skops.hostile()["operator"]


def quiet() -> bytes:
    return skops.ordinary()["operators"]
