from __future__ import annotations

from tests.cases.build import safetensors, tensor


def fires() -> bytes:
    return safetensors({"a": {"dtype": "U8", "shape": [1]}})


def quiet() -> bytes:
    return safetensors({"a": tensor("U8", [1], 0, 1)}, b"x")
