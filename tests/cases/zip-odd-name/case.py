from __future__ import annotations

from tests.formats.zips import archive, plain


def fires() -> bytes:
    return archive(plain(b"weights\0.txt", b"x"))


def quiet() -> bytes:
    return archive(plain(b"weights.txt", b"x"))
