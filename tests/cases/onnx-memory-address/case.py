"""https://github.com/microsoft/onnxruntime/pull/28709"""

from __future__ import annotations

from tests.corpus.formats.onnx import external, with_tensor


def fires() -> bytes:
    return with_tensor(external("*/_ORT_MEM_ADDR_/*", ("offset", "4096"), ("length", "8")))


def quiet() -> bytes:
    return with_tensor(external("model.data", ("offset", "4096"), ("length", "8")))
