from __future__ import annotations

from tests.cases.build import member, tar


def fires() -> bytes:
    return tar(member(b"weights", b"x")) + b"more"


def quiet() -> bytes:
    return tar(member(b"weights", b"x")) + bytes(4)
