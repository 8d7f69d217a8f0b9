from __future__ import annotations

from tests.formats.zips import Part, Record, archive, plain


def fires() -> bytes:
    return archive(plain(b"version", b"3"), Part(b"x", Record(b"weights"), None))


def quiet() -> bytes:
    return archive(plain(b"version", b"3"), plain(b"weights", b"x"))
