"""https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, TensorProto"""

from __future__ import annotations

from tests.corpus.formats.onnx import tensor, with_tensor


def fires() -> bytes:
    return with_tensor(tensor((4, bytes(8)), (9, b"\1" * 8)))


def quiet() -> bytes:
    return with_tensor(tensor((4, bytes(8)), (9, b"")))
