"""https://github.com/ggml-org/llama.cpp/pull/19856"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["type-of-tensor"]


def quiet() -> bytes:
    return gguf.tensor_file(gguf.Tensor(kind=144))
