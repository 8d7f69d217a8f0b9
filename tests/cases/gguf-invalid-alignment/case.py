"""https://github.com/ggml-org/llama.cpp/pull/24997"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["alignment-of-zero"]


def quiet() -> bytes:
    return gguf.ordinary()["alignment"]
