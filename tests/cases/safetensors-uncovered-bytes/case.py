from __future__ import annotations

from tests.cases.build import safetensors, tensor


def fires() -> bytes:
    return safetensors({"a": tensor("U8", [1], 0, 1), "b": tensor("U8", [1], 2, 3)}, b"xyz")


def quiet() -> bytes:
    return safetensors({"a": tensor("U8", [2], 0, 2), "b": tensor("U8", [1], 2, 3)}, b"xyz")
