from __future__ import annotations


def fires() -> dict[str, bytes]:
    return {"config.json": b"{}", "Config.json": b"{}"}


def quiet() -> dict[str, bytes]:
    return {"config.json": b"{}", "folder/config.json": b"{}", "config.txt": b"text\n"}
