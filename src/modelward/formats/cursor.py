"""Reading numbers, texts and runs of bytes one after the other, never beyond the end."""

from __future__ import annotations

import struct

from modelward.core.artifact import Source


class Broken(Exception):
    """The bytes at *at* are not what the format says. Raised by Cursor and the walkers built on it,
    and caught by the reader of the format, which makes a gap or an anomaly of it."""

    def __init__(self, why: str, at: int, cut_short: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.at = at
        self.cut_short = cut_short
        """The content ends too early: another download may repair it."""


class Cursor:
    """A place in [at, end) of *source* that moves on with each read. Every read raises Broken
    where it would leave that range, before anything is fetched. *order* is "<" or ">"."""

    def __init__(self, source: Source, at: int = 0, end: int | None = None, order: str = "<") -> None:
        self._source = source
        self.at = at
        self.end = source.size if end is None else min(end, source.size)
        self._order = order

    @property
    def left(self) -> int:
        return self.end - self.at

    def skip(self, n: int) -> int:
        """Move over *n* bytes, unread. Where they begin."""
        start = self.at
        if not 0 <= n <= self.end - start:
            raise Broken(f"{n:,} bytes are announced, {max(self.end - start, 0):,} are left", start, cut_short=True)
        self.at = start + n
        return start

    def take(self, n: int) -> bytes:
        """The next *n* bytes. The caller has checked that so many fit into memory."""
        return self._source.read(self.skip(n), n)

    def u8(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return self._number("H", 2)

    def u32(self) -> int:
        return self._number("I", 4)

    def i32(self) -> int:
        return self._number("i", 4)

    def u64(self) -> int:
        return self._number("Q", 8)

    def i64(self) -> int:
        return self._number("q", 8)

    def _number(self, code: str, size: int) -> int:
        (value,) = struct.unpack(self._order + code, self.take(size))
        return int(value)
