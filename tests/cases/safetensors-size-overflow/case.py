from __future__ import annotations

from tests.cases.build import safetensors, tensor


def fires() -> bytes:
    return safetensors({"a": tensor("U8", [2**32, 2**32], 0, 0)})


def quiet() -> bytes:
    return safetensors({"a": tensor("U8", [2**32, 0], 0, 0)})
