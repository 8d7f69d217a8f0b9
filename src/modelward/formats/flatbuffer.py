"""FlatBuffers: tables, vectors and texts of a buffer, without its schema.

https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken

_PAGE = 1 << 12
_PAGES = 64
_MOST_VISITS = 1_000_000
_LONGEST_TEXT = 1 << 16


class Buffer:
    """A flatbuffer in [start, size) of *source*. Everything raises Broken where an offset leads out
    of it, before anything is read there. Offsets to tables, vectors and texts lead forward only, so
    there are no cycles; how many are visited in all is limited, since many can lead to one."""

    def __init__(self, source: Source, start: int = 0) -> None:
        self._source = source
        self._pages: dict[int, bytes] = {}
        self._visits = 0
        self.start = start
        self.size = source.size
        self.reach = start
        """The end of all that was visited."""

    def root(self) -> Table:
        return self.table_at(self.target(self.start))

    def target(self, at: int) -> int:
        """Where the offset at *at* leads."""
        (offset,) = struct.unpack("<I", self.read(at, 4))
        if offset < 4:
            raise Broken("an offset that leads nowhere", at)
        return at + int(offset)

    def table_at(self, at: int) -> Table:
        self.spend(1)
        (back,) = struct.unpack("<i", self.read(at, 4))
        vtable = at - back
        if vtable < self.start:
            raise Broken("a table whose layout is outside of the buffer", at)
        length, size = struct.unpack("<HH", self.read(vtable, 4))
        if length < 4 or length % 2 or size < 4:
            raise Broken("a table whose layout makes no sense", at)
        slots = struct.unpack(f"<{length // 2 - 2}H", self.read(vtable + 4, length - 4))
        if at + size > self.size:
            raise Broken("a table that reaches past the end", at, cut_short=True)
        self.reach = max(self.reach, at + size, vtable + length)
        return Table(self, at, size, slots)

    def vector_at(self, at: int, width: int) -> Vector:
        """Elements of *width* bytes, unread."""
        self.spend(1)
        (count,) = struct.unpack("<I", self.read(at, 4))
        end = at + 4 + count * width
        if end > self.size:
            raise Broken(f"{count:,} elements are announced, which reach past the end", at, cut_short=True)
        self.reach = max(self.reach, end)
        return Vector(self, at + 4, count, width)

    def spend(self, visits: int) -> None:
        self._visits += visits
        if self._visits > _MOST_VISITS:
            raise Broken("more tables than the limit", self.start)

    def read(self, at: int, n: int) -> bytes:
        if not self.start <= at <= at + n <= self.size:
            raise Broken("an offset that leads past the end", min(max(at, 0), self.size), cut_short=True)
        parts = []
        while n:
            number, offset = divmod(at, _PAGE)
            if number not in self._pages:
                if len(self._pages) >= _PAGES:
                    self._pages.clear()
                self._pages[number] = self._source.read(number * _PAGE, _PAGE)
            part = self._pages[number][offset : offset + n]
            if not part:
                raise Broken("an offset that leads past the end", at, cut_short=True)
            parts.append(part)
            at += len(part)
            n -= len(part)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Vector:
    buffer: Buffer
    start: int
    """Of its first element."""
    count: int
    width: int

    @property
    def end(self) -> int:
        return self.start + self.count * self.width

    def numbers(self, code: str) -> Iterator[int]:
        """*code* is one of struct's, of the width of an element."""
        step = _PAGE // self.width
        for first in range(0, self.count, step):
            count = min(step, self.count - first)
            self.buffer.spend(1 + count // 64)
            yield from struct.unpack(
                f"<{count}{code}", self.buffer.read(self.start + first * self.width, count * self.width)
            )

    def tables(self) -> Iterator[Table]:
        """Its elements are offsets."""
        for number in range(self.count):
            yield self.buffer.table_at(self.buffer.target(self.start + 4 * number))


@dataclass(frozen=True, slots=True)
class Table:
    """Fields are numbered from 0 in the order of the schema; one that is not there has its default."""

    buffer: Buffer
    at: int
    size: int
    _slots: tuple[int, ...]

    def number(self, field: int, code: str, default: int = 0) -> int:
        place = self._place(field, struct.calcsize("<" + code))
        if place is None:
            return default
        (value,) = struct.unpack("<" + code, self.buffer.read(place, struct.calcsize("<" + code)))
        return int(value)

    def has(self, field: int) -> bool:
        return self._place(field, 1) is not None

    def table(self, field: int) -> Table | None:
        place = self._place(field, 4)
        return None if place is None else self.buffer.table_at(self.buffer.target(place))

    def vector(self, field: int, width: int) -> Vector | None:
        place = self._place(field, 4)
        return None if place is None else self.buffer.vector_at(self.buffer.target(place), width)

    def tables(self, field: int) -> Iterator[Table]:
        vector = self.vector(field, 4)
        if vector is not None:
            yield from vector.tables()

    def numbers(self, field: int, code: str) -> Iterator[int]:
        vector = self.vector(field, struct.calcsize("<" + code))
        if vector is not None:
            yield from vector.numbers(code)

    def text(self, field: int) -> str:
        """ "" if it is not there; the beginning of what is longer than any name."""
        vector = self.vector(field, 1)
        if vector is None:
            return ""
        self.buffer.reach = max(self.buffer.reach, min(vector.end + 1, self.buffer.size))  # a zero ends it
        return self.buffer.read(vector.start, min(vector.count, _LONGEST_TEXT)).decode("utf-8", "backslashreplace")

    def _place(self, field: int, width: int) -> int | None:
        offset = self._slots[field] if field < len(self._slots) else 0
        if offset == 0:
            return None
        if not 4 <= offset <= self.size - width:
            raise Broken("a field outside of its table", self.at)
        return self.at + offset
