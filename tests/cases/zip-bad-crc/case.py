"""https://github.com/advisories/GHSA-mjqp-26hc-grxg"""

from __future__ import annotations

from tests.formats.zips import Part, Record, archive, plain


def fires() -> bytes:
    return archive(Part(b"x", Record(b"weights", crc=1), Record(b"weights", crc=1)))


def quiet() -> bytes:
    return archive(plain(b"weights", b"x"))
