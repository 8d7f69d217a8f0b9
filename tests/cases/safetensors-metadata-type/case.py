from __future__ import annotations

from tests.cases.build import safetensors


def fires() -> bytes:
    return safetensors({"__metadata__": {"epoch": 1}})


def quiet() -> bytes:
    return safetensors({"__metadata__": {"epoch": "1"}})
