"""https://nvd.nist.gov/vuln/detail/CVE-2024-25667"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["count-of-tensors"]


def quiet() -> bytes:
    return gguf.gguf([gguf.ARCHITECTURE], counts=(1000, 1))
