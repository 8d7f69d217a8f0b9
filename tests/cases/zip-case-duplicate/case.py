from __future__ import annotations

from tests.formats.zips import archive, plain


def fires() -> bytes:
    return archive(plain(b"weights", b"x"), plain(b"Weights", b"y"))


def quiet() -> bytes:
    return archive(plain(b"weights", b"x"), plain(b"weights2", b"y"))
