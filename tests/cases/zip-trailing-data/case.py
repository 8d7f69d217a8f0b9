from __future__ import annotations

from tests.formats.zips import archive, plain


def fires() -> bytes:
    return archive(plain(b"weights", b"x")) + b"something"


def quiet() -> bytes:
    return archive(plain(b"weights", b"x"), comment=b"something")
