from __future__ import annotations

import json


def _index(name: str) -> dict[str, bytes]:
    return {"m/model.safetensors.index.json": json.dumps({"weight_map": {"w": name}}).encode()}


def fires() -> dict[str, bytes]:
    return _index("../../elsewhere/model.safetensors")


def quiet() -> dict[str, bytes]:
    return _index("a..b/model.safetensors")
