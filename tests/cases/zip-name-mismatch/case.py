"""https://github.com/advisories/GHSA-7q5r-7gvp-wc82"""

from __future__ import annotations

from tests.formats.zips import Part, Record, archive


def fires() -> bytes:
    return archive(Part(b"x", Record(b"other"), Record(b"weights")))


def quiet() -> bytes:
    return archive(Part(b"x", Record(b"weights"), Record(b"weights")))
