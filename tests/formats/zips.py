"""Zip archives assembled record by record, so that any of them can lie."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

from modelward.formats.source import BytesSource


@dataclass(frozen=True)
class Record:
    """The fields that a local header and a directory entry share. None: what is true of the data."""

    name: bytes
    flags: int = 0
    method: int = 0
    crc: int | None = None
    compressed: int | None = None
    size: int | None = None
    extra: bytes = b""

    def fields(self, data: bytes) -> bytes:
        size = len(data) if self.size is None else self.size
        compressed = len(data) if self.compressed is None else self.compressed
        crc = zlib.crc32(data) if self.crc is None else self.crc
        head = struct.pack("<HHHHH", 20, self.flags, self.method, 0, 0x21)
        return head + struct.pack("<IIIHH", crc, compressed, size, len(self.name), len(self.extra))

    def local(self, data: bytes) -> bytes:
        return b"PK\3\4" + self.fields(data) + self.name + self.extra

    def entry(self, data: bytes, offset: int, mode: int = 0) -> bytes:
        rest = struct.pack("<HHHII", 0, 0, 0, mode << 16, offset)
        return b"PK\1\2\x14\3" + self.fields(data) + rest + self.name + self.extra


@dataclass(frozen=True)
class Part:
    """One member: its data, and what each of its two descriptions says (None: it is left out)."""

    data: bytes
    local: Record | None
    entry: Record | None
    after: bytes = b""
    """Bytes behind the data, say a descriptor."""
    mode: int = 0


def plain(name: bytes, data: bytes, mode: int = 0) -> Part:
    record = Record(name)
    return Part(data, record, record, mode=mode)


def end_record(count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    return b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, size, offset, len(comment)) + comment


def end64(count: int, size: int, offset: int, at: int) -> bytes:
    """The zip64 end record and its locator, which says that the record is *at*."""
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, offset)
    return record + b"PK\6\7" + struct.pack("<IQI", 0, at, 1)


def archive(*parts: Part, before: bytes = b"", comment: bytes = b"") -> bytes:
    """*before* stands in front, and the offsets do not count it, as when a stub is put before an archive."""
    body, directory, count = b"", b"", 0
    for part in parts:
        offset = len(body)
        if part.local:
            body += part.local.local(part.data)
        body += part.data + part.after
        if part.entry:
            directory += part.entry.entry(part.data, offset, part.mode)
            count += 1
    return before + body + directory + end_record(count, len(directory), len(body), comment)


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """As zipfile writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


class CountingSource(BytesSource):
    """Counts the bytes that it gives."""

    given = 0

    def read(self, at: int, n: int) -> bytes:
        data = super().read(at, n)
        self.given += len(data)
        return data
