"""https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.tensor_file(gguf.Tensor("a", (2,)), gguf.Tensor("b", (2,), 0, 8), data=bytes(16))


def quiet() -> bytes:
    return gguf.tensor_file(gguf.Tensor("a", (2,)), gguf.Tensor("b", (2,), 0, 32), data=bytes(40))
