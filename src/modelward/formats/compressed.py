"""Compressed streams that the standard library can open, produced on demand and within limits.

Loaders use what they have read before they come to a checksum, so the content is handed on
first, in pieces no larger than theirs, and checked afterwards. Where a file goes on with
another stream of its kind, gzip, bz2 and lzma read both as one; so does this.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.magic import LZMA_MEMORY, zfile_start
from modelward.formats.source import BrokenStream, Budget, Stream

KINDS = ("gzip", "bz2", "xz", "lzma", "zlib", "zfile")

_INPUT = 1 << 14
_PIECE = 1 << 13  # io.DEFAULT_BUFFER_SIZE: what a decompressor has not yet given out is lost when it fails
_FREE_OUTPUT = 64 << 20  # the ratio is not looked at below this


class Compressed(Stream):
    """The content of *source*, which is compressed by one of KINDS."""

    def __init__(self, kind: str, source: Source, limits: Limits, budget: Budget) -> None:
        self._producer = _Producer(kind, source, limits)
        super().__init__(self._producer, budget)

    @property
    def trailing(self) -> int | None:
        """Where bytes begin that belong to no stream (zeros at the end are padding). Known when
        the content was read to its end."""
        return self._producer.trailing


class _Producer:
    def __init__(self, kind: str, source: Source, limits: Limits) -> None:
        self._member, self._begins = _FORMATS[kind]
        self._source = source
        self._limits = limits
        self.trailing: int | None = None

    def __call__(self) -> Iterator[bytes]:
        made = 0
        cursor = _Cursor(self._source)
        for _ in range(self._limits.entries):
            for piece in self._member(cursor):
                made += len(piece)
                if made > _FREE_OUTPUT and made > self._limits.ratio * cursor.at:
                    raise BrokenStream(f"decompresses to more than {self._limits.ratio} times its size")
                yield piece
            cursor.skip_zeros()
            if self._begins is None or not self._begins(cursor.peek(4)):
                self.trailing = cursor.at if cursor.peek(1) else None
                return
        raise BrokenStream(f"more than {self._limits.entries} streams, one after the other")


class _Cursor:
    """A position in the compressed bytes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.at = 0

    def peek(self, n: int) -> bytes:
        return self._source.read(self.at, n)

    def take(self, n: int) -> bytes:
        """Exactly *n* bytes."""
        data = self.peek(n)
        if len(data) < n:
            raise BrokenStream("the compressed data is cut off")
        self.at += n
        return data

    def skip_text(self) -> None:
        """Past the next NUL."""
        while b"\0" not in (window := self.peek(_INPUT)):
            self.take(len(window) or 1)
        self.at += window.index(b"\0") + 1

    def skip_zeros(self) -> None:
        while (window := self.peek(_INPUT)) and not window[0]:
            self.at += len(window) - len(window.lstrip(b"\0"))


class _Decompressor(Protocol):
    """What bz2 and lzma offer."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Inflate:
    """Raw deflate with the interface of the others. Without its frame, whose checksum zlib
    would compare before it hands out the last piece."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)


def _pump(cursor: _Cursor, unpack: _Decompressor) -> Iterator[bytes]:
    while not unpack.eof:
        hungry = unpack.needs_input
        data = cursor.peek(_INPUT) if hungry else b""
        cursor.at += len(data)
        try:
            piece = unpack.decompress(data, _PIECE)
        except lzma.LZMAError as error:
            # liblzma's own words differ between versions; only this one says what to do
            memory = "needs more memory than allowed" if "Memory" in str(error) else "is damaged"
            raise BrokenStream(f"the compressed data {memory}") from error
        except (zlib.error, OSError, EOFError) as error:
            raise BrokenStream("the compressed data is damaged") from error
        if piece:
            yield piece
        elif hungry and not data and not unpack.eof:
            raise BrokenStream("the compressed data is cut off")
    cursor.at -= len(unpack.unused_data)


def _gzip(cursor: _Cursor) -> Iterator[bytes]:
    """RFC 1952. A wrong header checksum is passed over, as Python's gzip does."""
    magic, method, flags = struct.unpack("<HBB", cursor.take(4))
    if magic != 0x8B1F or method != 8:
        raise BrokenStream("not a gzip header")
    cursor.take(6)
    if flags & 4:
        cursor.take(int.from_bytes(cursor.take(2), "little"))
    for named in (8, 16):
        if flags & named:
            cursor.skip_text()
    if flags & 2:
        cursor.take(2)
    checksum = size = 0
    for piece in _pump(cursor, _Inflate()):
        checksum, size = zlib.crc32(piece, checksum), size + len(piece)
        yield piece
    if struct.unpack("<II", cursor.take(8)) != (checksum, size & 0xFFFFFFFF):
        raise BrokenStream("the checksum of the compressed data is wrong")


def _zlib(cursor: _Cursor) -> Iterator[bytes]:
    """RFC 1950."""
    if cursor.take(2)[1] & 0x20:
        raise BrokenStream("the compressed data needs a dictionary that is not in it")
    checksum = 1
    for piece in _pump(cursor, _Inflate()):
        checksum = zlib.adler32(piece, checksum)
        yield piece
    if int.from_bytes(cursor.take(4), "big") != checksum:
        raise BrokenStream("the checksum of the compressed data is wrong")


def _zfile(cursor: _Cursor) -> Iterator[bytes]:
    """joblib's container before 0.10: a zlib stream behind a header of 21 or 22 bytes."""
    start = zfile_start(cursor.peek(32))
    if start is None:
        raise BrokenStream("not a joblib container")
    cursor.at = start
    return _zlib(cursor)


def _bz2(cursor: _Cursor) -> Iterator[bytes]:
    return _pump(cursor, bz2.BZ2Decompressor())


def _xz(cursor: _Cursor) -> Iterator[bytes]:
    return _pump(cursor, lzma.LZMADecompressor(lzma.FORMAT_XZ, LZMA_MEMORY))


def _lzma(cursor: _Cursor) -> Iterator[bytes]:
    return _pump(cursor, lzma.LZMADecompressor(lzma.FORMAT_ALONE, LZMA_MEMORY))


_FORMATS: dict[str, tuple[Callable[[_Cursor], Iterator[bytes]], Callable[[bytes], bool] | None]] = {
    "gzip": (_gzip, lambda head: head[:2] == b"\x1f\x8b"),
    "bz2": (_bz2, lambda head: head[:3] == b"BZh"),
    "xz": (_xz, lambda head: head == b"\xfd7zX"),
    "lzma": (_lzma, None),
    "zlib": (_zlib, None),
    "zfile": (_zfile, None),
}
"""How to read one stream, and what the next one begins with, where there can be one."""
