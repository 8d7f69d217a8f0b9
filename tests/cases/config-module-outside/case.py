from __future__ import annotations

import json


def _modules(path: str) -> bytes:
    kinds = {"": "Transformer", path: "Pooling"}
    parts = [
        {"idx": number, "name": str(number), "path": where, "type": f"sentence_transformers.models.{kind}"}
        for number, (where, kind) in enumerate(kinds.items())
    ]
    return json.dumps(parts).encode()


def fires() -> bytes:
    return _modules("../../elsewhere")


def quiet() -> bytes:
    return _modules("1_Pooling")
