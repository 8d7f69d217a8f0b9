"""https://github.com/microsoft/onnxruntime-extensions"""

from __future__ import annotations

from tests.corpus.formats.onnx import node, of


def fires() -> bytes:
    return of(node("BertTokenizer", "ai.onnx.contrib"))


def quiet() -> bytes:
    return of(node("Tokenizer", "com.microsoft"))
