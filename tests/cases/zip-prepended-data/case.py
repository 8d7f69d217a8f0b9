from __future__ import annotations

from tests.formats.zips import archive, plain


def fires() -> bytes:
    return archive(plain(b"weights", b"x"), before=b"something")


def quiet() -> bytes:
    return archive(plain(b"weights", b"something x"))
