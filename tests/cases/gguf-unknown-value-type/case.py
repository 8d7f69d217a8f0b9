"""https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.gguf([("a", gguf.LAYOUT.number("I", 13))])


def quiet() -> bytes:
    return gguf.gguf([("a", gguf.LAYOUT.scalar(gguf.BOOL, 1))])
