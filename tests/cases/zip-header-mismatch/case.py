"""https://github.com/advisories/GHSA-w8jq-xcqf-f792"""

from __future__ import annotations

from tests.formats.zips import Part, Record, archive


def fires() -> bytes:
    return archive(Part(b"x", Record(b"weights", flags=1), Record(b"weights")))


def quiet() -> bytes:
    return archive(Part(b"x", Record(b"weights", flags=2), Record(b"weights", flags=2)))
