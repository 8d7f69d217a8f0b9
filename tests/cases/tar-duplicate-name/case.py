from __future__ import annotations

from tests.cases.build import member, tar


def fires() -> bytes:
    return tar(member(b"weights", b"x"), member(b"./weights", b"y"))


def quiet() -> bytes:
    return tar(member(b"weights", b"x"), member(b"layer/weights", b"y"))
