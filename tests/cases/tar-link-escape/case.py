from __future__ import annotations

from tests.cases.build import member, tar


def fires() -> bytes:
    return tar(member(b"weights", kind=b"2", link=b"../weights"))


def quiet() -> bytes:
    return tar(member(b"layer/weights", kind=b"2", link=b"../weights"))
