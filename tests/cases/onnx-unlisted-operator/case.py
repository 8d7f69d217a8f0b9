"""https://onnxruntime.ai/docs/reference/operators/ContribOperators.html"""

from __future__ import annotations

from tests.corpus.formats.onnx import node, of


def fires() -> bytes:
    return of(node("OfNextYear", "com.microsoft"))


def quiet() -> bytes:
    return of(node("FusedMatMul", "com.microsoft"))
