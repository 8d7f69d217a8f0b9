from __future__ import annotations

from tests.cases.build import member, tar


def fires() -> bytes:
    return tar(member(b"pipe", kind=b"6"))


def quiet() -> bytes:
    return tar(member(b"folder", kind=b"5"))
