from __future__ import annotations

from tests.cases.build import safetensors, tensor


def fires() -> bytes:
    return safetensors({"a": tensor("U8", [1.5], 0, 1)}, b"x")


def quiet() -> bytes:
    return safetensors({"a": tensor("U8", [], 0, 1)}, b"x")
