"""https://github.com/advisories/GHSA-w8jq-xcqf-f792"""

from __future__ import annotations

from tests.formats.zips import Part, Record, archive


def _flagged(flags: int) -> bytes:
    record = Record(b"weights", flags=flags)
    return archive(Part(b"x", record, record))


def fires() -> bytes:
    return _flagged(0x20)


def quiet() -> bytes:
    return _flagged(0x800)
