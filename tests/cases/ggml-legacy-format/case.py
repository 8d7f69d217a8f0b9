"""https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

from __future__ import annotations

from tests.corpus.formats import ggml, gguf


def fires() -> bytes:
    return ggml.whisper()


def quiet() -> bytes:
    return gguf.tensor_file()
