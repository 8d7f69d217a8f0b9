"""https://nvd.nist.gov/vuln/detail/CVE-2024-21802"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["dimensions"]


def quiet() -> bytes:
    return gguf.tensor_file(gguf.Tensor(dims=(2, 2, 2, 4)))
