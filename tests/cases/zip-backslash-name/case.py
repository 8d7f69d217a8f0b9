from __future__ import annotations

from tests.formats.zips import archive, plain


def fires() -> bytes:
    return archive(plain(b"a\\weights", b"x"))


def quiet() -> bytes:
    return archive(plain(b"a/weights", b"x"))
