from __future__ import annotations

from tests.formats.zips import archive, plain


def fires() -> bytes:
    return archive(plain(b"link", b"../x", 0o120777))


def quiet() -> bytes:
    return archive(plain(b"link", b"../x", 0o100777))
