"""https://github.com/google/security-research/security/advisories/GHSA-hhv7-p4pg-wm6p"""

from __future__ import annotations

from tests.formats.zips import Record, end64, end_record


def _located(at: int | None) -> bytes:
    """A zip64 locator that leads *at* some place, or where it should."""
    record = Record(b"weights")
    body, directory = record.local(b"x") + b"x", record.entry(b"x", 0)
    right = len(body) + len(directory)
    locator = end64(1, len(directory), len(body), right if at is None else at)
    return body + directory + locator + end_record(1, len(directory), len(body))


def fires() -> bytes:
    return _located(3)


def quiet() -> bytes:
    return _located(None)
