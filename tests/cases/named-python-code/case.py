from __future__ import annotations

_CONFIG = b'{"auto_map": {"AutoModel": "modeling.Model"}}'


def fires() -> dict[str, bytes]:
    return {"config.json": _CONFIG, "modeling.py": b"x = 1\n"}


def quiet() -> dict[str, bytes]:
    return {"config.json": b"{}", "modeling.py": b"x = 1\n"}
