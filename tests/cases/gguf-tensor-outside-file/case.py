"""https://nvd.nist.gov/vuln/detail/CVE-2026-7482"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["shape-beyond-the-file"]


def quiet() -> bytes:
    return gguf.ordinary()["model"]
