"""https://nvd.nist.gov/vuln/detail/CVE-2024-25666"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["length-of-value"]


def quiet() -> bytes:
    return gguf.gguf([gguf.ARCHITECTURE])[:-3]
