"""https://github.com/microsoft/onnxruntime-extensions"""

from __future__ import annotations

from tests.corpus.formats.onnx import node, of


def fires() -> bytes:
    return of(node("OpenAIAudioToText", "com.microsoft.extensions"))


def quiet() -> bytes:
    return of(node("DecodeImage", "com.microsoft.extensions"))
