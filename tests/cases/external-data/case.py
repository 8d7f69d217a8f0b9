"""https://onnx.ai/onnx/repo-docs/ExternalData.html"""

from __future__ import annotations

from tests.corpus.formats.onnx import external, raw, with_tensor


def fires() -> dict[str, bytes]:
    return {"m/model.onnx": with_tensor(external("model.onnx.data")), "m/model.onnx.data": bytes(range(1, 9))}


def quiet() -> dict[str, bytes]:
    return {"m/model.onnx": with_tensor(raw())}
