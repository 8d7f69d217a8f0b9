"""https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["one-name-in-c"]


def quiet() -> bytes:
    return gguf.gguf([("général.name", gguf.LAYOUT.string("x"))])
