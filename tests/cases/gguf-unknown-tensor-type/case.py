"""https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.tensor_file(gguf.Tensor(kind=144))


def quiet() -> bytes:
    return gguf.tensor_file(gguf.Tensor(dims=(32,), kind=8), data=bytes(34))
