"""https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, TensorProto.dims"""

from __future__ import annotations

from tests.corpus.formats.onnx import raw, tensor, with_tensor


def fires() -> bytes:
    return with_tensor(raw(dims=(-1, -2)))


def quiet() -> bytes:
    return with_tensor(tensor(dims=(0, 1 << 20)))
