"""https://github.com/ggml-org/llama.cpp/issues/24888"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["narrow-scores"]


def quiet() -> bytes:
    return gguf.ordinary()["vocabulary"]
