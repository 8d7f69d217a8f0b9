"""https://docs.openvino.ai/2025/documentation/openvino-extensibility.html"""

from __future__ import annotations


def _model(version: str) -> bytes:
    layer = f'<layer id="0" name="x" type="X" version="{version}"/>'
    return f'<?xml version="1.0"?>\n<net name="m" version="11"><layers>{layer}</layers></net>\n'.encode()


def fires() -> bytes:
    return _model("extension")


def quiet() -> bytes:
    return _model("opset1")
