"""https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"""

from __future__ import annotations

from tests.corpus.formats import gguf


def fires() -> bytes:
    return gguf.hostile()["recursion"]


def quiet() -> bytes:
    return gguf.gguf([("a", gguf.LAYOUT.array(gguf.U32, [1, 2]))])
