from __future__ import annotations

from tests.formats.zips import Part, Record, archive


def _extended(extra: bytes) -> bytes:
    record = Record(b"weights", extra=extra)
    return archive(Part(b"x", record, record))


def fires() -> bytes:
    return _extended(b"\1\0\xff\xff")


def quiet() -> bytes:
    return _extended(b"\xfe\xca\0\0")
