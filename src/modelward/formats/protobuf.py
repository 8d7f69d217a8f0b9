"""Protocol Buffers on the wire: the fields of a message, without its schema.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from modelward.formats.cursor import Broken

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST_HEADER = 20  # a tag and a length, ten bytes each
_WINDOW = 1 << 12


@dataclass(frozen=True, slots=True)
class Field:
    number: int
    wire: int
    start: int
    """Of the payload."""
    size: int
    value: int
    """Of a varint, unsigned; 0 for the others."""

    @property
    def end(self) -> int:
        return self.start + self.size


Read = Callable[[int, int], bytes]


def walk(read: Read, start: int, end: int) -> Iterator[Field]:
    """The fields of the message in [start, end), one after the other, payloads unread.

    Raises Broken for what is no field; a payload that reaches past *end* too, unlike `fields`.
    Groups, which no model format uses, are Broken. A field that a schema has once may come
    again: of scalars the last counts, submessages are merged.
    """
    for field in _walk(read, start, end):
        if field.end > end:
            raise Broken(f"a field of {field.size:,} bytes reaches past its message", field.start, cut_short=True)
        yield field


def fields(read: Read, start: int, end: int, most: int = 64) -> list[Field]:
    """The first *most* fields of the message in [start, end), payloads unread.

    Empty if anything there cannot be a message. The last field may reach past *end* (a message
    that was cut off); nothing follows it then.
    """
    try:
        return list(islice(_walk(read, start, end), most))
    except Broken:
        return []


def _walk(read: Read, start: int, end: int) -> Iterator[Field]:
    window, window_at = b"", start
    while start < end:
        if start + _LONGEST_HEADER > window_at + len(window):
            window, window_at = read(start, min(_WINDOW, end - start)), start
        at = start - window_at
        tag, after = varint(window, at)
        number, wire = tag >> 3, tag & 7
        if after == at or not 0 < number < 1 << 29 or wire not in (VARINT, FIXED64, BYTES, FIXED32):
            raise Broken("not a field of a Protocol Buffers message", start, cut_short=not window[at:])
        value, size = 0, {FIXED64: 8, FIXED32: 4}.get(wire, 0)
        if wire in (VARINT, BYTES):
            value, last = varint(window, after)
            if last == after:
                raise Broken("a number that does not end", start, cut_short=True)
            after = last
        if wire == BYTES:
            value, size = 0, value
        payload = window_at + after
        yield Field(number, wire, payload, size, value)
        start = payload + size


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Its value, of at most 64 bits, and where it ends; the end is *at* itself if there is none."""
    if at < len(data) and data[at] < 0x80:  # nearly all of them
        return data[at], at + 1
    value = 0
    for index, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & (1 << 64) - 1, at + index + 1
    return 0, at
