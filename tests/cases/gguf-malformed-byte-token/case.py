"""https://github.com/ggml-org/llama.cpp/issues/27226"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["negative-byte"]


def quiet() -> bytes:
    return gguf.ordinary()["vocabulary"]
