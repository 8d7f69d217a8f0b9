"""https://github.com/onnx/onnx/blob/main/docs/IR.md"""

from __future__ import annotations

from tests.corpus.formats.onnx import raw, with_tensor


def fires() -> bytes:
    return with_tensor(raw(), raw(b"\1" * 8))


def quiet() -> bytes:
    return with_tensor(raw(), raw(b"\1" * 8, name="b"))
