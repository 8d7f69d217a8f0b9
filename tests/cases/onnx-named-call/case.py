"""https://github.com/microsoft/onnxruntime/blob/main/docs/ORTModule_PythonOp_Notes.md"""

from __future__ import annotations

from tests.corpus.formats.onnx import node, of, text


def fires() -> bytes:
    return of(node("PythonOp", "com.microsoft", text("func_name", "module.Class")))


def quiet() -> bytes:
    return of(node("Gelu", "com.microsoft"))
