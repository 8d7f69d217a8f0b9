from __future__ import annotations


def fires() -> bytes:
    return (100_000_001).to_bytes(8, "little") + b"{}"


def quiet() -> bytes:
    return (100_000_000).to_bytes(8, "little") + b"{}"
