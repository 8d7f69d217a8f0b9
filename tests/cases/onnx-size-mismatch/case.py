"""https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, TensorProto"""

from __future__ import annotations

from tests.corpus.formats.onnx import raw, with_tensor


def fires() -> bytes:
    return with_tensor(raw(bytes(4)))


def quiet() -> bytes:
    return with_tensor(raw(bytes(8)), raw(bytes(1), name="b", kind=22))
