"""https://github.com/ggml-org/llama.cpp/security/advisories/GHSA-96jg-mvhq-q7q7"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["product-of-dimensions"]


def quiet() -> bytes:
    return gguf.ordinary()["model"]
