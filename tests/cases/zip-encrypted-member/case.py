"""https://github.com/advisories/GHSA-w8jq-xcqf-f792"""

from __future__ import annotations

from tests.formats.zips import Part, Record, archive, plain

_RECORD = Record(b"weights", flags=1)


def fires() -> bytes:
    return archive(Part(b"x", _RECORD, _RECORD))


def quiet() -> bytes:
    return archive(plain(b"weights", b"x"))
