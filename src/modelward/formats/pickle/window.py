"""A moving window over a source, for readers that go forward byte by byte."""

from __future__ import annotations

from modelward.core.artifact import Source
from modelward.core.errors import NotFetched

WINDOW = 1 << 16
MARGIN = 80
"""Bytes guaranteed to stand behind the cursor (zero-filled at the end of the source)."""
LONGEST_LINE = 1 << 14
"""More than the digits that Python converts (4,300), with an underscore behind each."""


class Broken(Exception):
    """No unpickler gets past this point; or, beyond a *limit*, it is not followed."""

    def __init__(self, why: str, *, truncated: bool = False, limit: bool = False) -> None:
        super().__init__(why)
        self.truncated = truncated
        self.limit = limit


class Window:
    """`buf[pos]` is the byte at `base + pos`; while `pos < limit`, MARGIN bytes can be read.

    Whoever advances must call `refill` when `pos >= limit`.
    """

    def __init__(self, source: Source, at: int) -> None:
        self.source = source
        self.base = at
        self.buf = b""
        self.pos = 0
        self.limit = 0
        self.cut = False
        """The source ended inside a line."""

    @property
    def here(self) -> int:
        return self.base + self.pos

    def refill(self) -> None:
        """Move the window to the cursor. Raises Broken at the end of the source."""
        self.base += self.pos
        self.pos = 0
        data, is_end = self._read()
        if not data:
            self.buf, self.limit = bytes(MARGIN), 0
            raise Broken("stream ends before STOP", truncated=True)
        if is_end:
            self.limit = len(data)
            data += bytes(MARGIN)
        else:
            self.limit = len(data) - MARGIN
        self.buf = data

    def _read(self) -> tuple[bytes, bool]:
        """The bytes from `base` on, and whether the source ends with them."""
        try:
            data = self.source.read(self.base, WINDOW)
        except NotFetched as missing:
            if missing.start <= self.base + MARGIN:
                raise
            return self.source.read(self.base, missing.start - self.base), False
        return data, len(data) < WINDOW

    def ready(self) -> None:
        if self.pos >= self.limit:
            self.refill()

    def unsigned(self, width: int) -> int:
        """Read a little-endian number of at most 8 bytes."""
        self.ready()
        end = self.pos + width
        value = int.from_bytes(self.buf[self.pos : end], "little")
        self.pos = end
        return value

    def skip(self, n: int) -> int:
        """Step over *n* bytes and return where they began."""
        at = self.here
        self.pos += n
        return at

    def line(self, *, blanks: bool = True) -> bytes:
        """The text before the next newline, which is stepped over; only its beginning if it is long.
        Without *blanks*, what leads up to a number is left out.

        Where the source ends without one, the last byte is dropped: the pure-Python unpickler
        takes `readline()[:-1]` and goes on (the C one stops there).
        """
        data = b""
        while True:
            end = self.buf.find(b"\n", self.pos, self.limit)
            if end >= 0:
                data += self.buf[self.pos : end]
                self.pos = end + 1
                return (data if blanks else data.lstrip())[:LONGEST_LINE]
            data += self.buf[self.pos : self.limit]
            data = (data if blanks else data.lstrip())[:LONGEST_LINE]
            self.pos = max(self.pos, self.limit)
            try:
                self.refill()
            except Broken:
                self.cut = True
                return data[:-1]
