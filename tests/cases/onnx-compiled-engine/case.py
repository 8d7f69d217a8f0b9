"""https://onnxruntime.ai/docs/execution-providers/EP-Context-Design.html"""

from __future__ import annotations

from tests.corpus.formats.onnx import node, of, text


def fires() -> bytes:
    return of(node("EPContext", "com.microsoft", text("ep_cache_context", bytes(64))))


def quiet() -> bytes:
    return of(node("QMoE", "com.microsoft"))
