from __future__ import annotations

import json

_INDEX = json.dumps({"metadata": {"version": "4.57.1"}, "weight_map": {"w": "model-00001-of-00001.safetensors"}})
_SHARD = b"\2\0\0\0\0\0\0\0{}"


def fires() -> dict[str, bytes]:
    return quiet() | {"model-00002-of-00001.safetensors": _SHARD}


def quiet() -> dict[str, bytes]:
    return {"model.safetensors.index.json": _INDEX.encode(), "model-00001-of-00001.safetensors": _SHARD}
