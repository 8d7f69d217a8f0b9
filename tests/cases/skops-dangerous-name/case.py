"""https://nvd.nist.gov/vuln/detail/CVE-2024-37065"""

from __future__ import annotations

from tests.corpus.formats import skops


def fires() -> bytes:
    return skops.hostile()["constructor"]


def quiet() -> bytes:
    return skops.ordinary()["functions"]
