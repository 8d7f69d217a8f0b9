"""https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["two-templates"]


def quiet() -> bytes:
    return gguf.gguf([("a", gguf.LAYOUT.string("x")), ("A", gguf.LAYOUT.string("y"))])
