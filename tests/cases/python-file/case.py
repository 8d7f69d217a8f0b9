from __future__ import annotations


def fires() -> dict[str, bytes]:
    return {"util.py": b"x = 1\n"}


def quiet() -> dict[str, bytes]:
    return {"util.txt": b"x = 1\n"}
