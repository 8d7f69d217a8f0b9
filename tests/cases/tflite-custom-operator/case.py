"""https://ai.google.dev/edge/litert/conversion/tensorflow/ops_custom"""

from __future__ import annotations

from tests.corpus.tflite import custom


def fires() -> bytes:
    return custom("MyAttention")


def quiet() -> bytes:
    return custom("TFLite_Detection_PostProcess")
