"""https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, TensorProto.DataType"""

from __future__ import annotations

from tests.corpus.formats.onnx import raw, with_tensor


def fires() -> bytes:
    return with_tensor(raw(kind=77))


def quiet() -> bytes:
    return with_tensor(raw(kind=13, dims=(1,)))
