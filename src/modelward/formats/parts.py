"""A file of which only parts are here."""

from __future__ import annotations

from bisect import bisect_right

from modelward.core.artifact import Source
from modelward.core.errors import NotFetched

Span = tuple[int, int]
"""Bytes [start, end)."""


class Parts:
    """A Source of *size* bytes that gives those that were put into it and raises NotFetched for others:
    what is not here never reads as absent, or as anything else."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked: Span | None = None
        """What was asked for and is not here: the first such span of the file."""
        self._starts: list[int] = []
        self._parts: list[bytes | bytearray] = []  # by _starts; they do not overlap

    def put(self, at: int, data: bytes | bytearray) -> None:
        """*data* stands at *at*; the caller has seen to it that it lies in the file, and overlaps nothing."""
        place = bisect_right(self._starts, at)
        if data:
            self._starts.insert(place, at)
            self._parts.insert(place, data)

    def read(self, at: int, n: int) -> bytes:
        end = min(at + n, self.size)
        if at < 0 or end <= at:
            return b""
        pieces: list[bytes | bytearray] = []
        place = bisect_right(self._starts, at) - 1
        while at < end:
            if place < 0 or place >= len(self._starts) or not self._starts[place] <= at < self._end(place):
                first = self.missing(at, end)[0]
                self.asked = min(first, self.asked or first)
                raise NotFetched(*first)
            start = self._starts[place]
            pieces.append(self._parts[place][at - start : end - start])
            at += len(pieces[-1])
            place += 1
        return bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)

    def missing(self, at: int = 0, end: int | None = None) -> list[Span]:
        """The spans of [at, end) that are not here, in order."""
        found, end = [], self.size if end is None else min(end, self.size)
        for place, start in enumerate(self._starts):
            if at < min(start, end):
                found.append((at, min(start, end)))
            at = max(at, self._end(place))
        return [*found, (at, end)] if at < end else found

    def _end(self, place: int) -> int:
        return self._starts[place] + len(self._parts[place])


def read_ahead(source: Source, at: int, n: int, least: int) -> bytes:
    """Bytes [at, at+n), or of a source that is here in part those of them that are here, if those are
    *least*: then fewer than *n* are no end. Raises NotFetched where fewer are here."""
    try:
        return source.read(at, n)
    except NotFetched as missing:
        if missing.start < at + least:
            raise
        return source.read(at, missing.start - at)
