"""Protocol Buffers on the wire: the fields of one message, without their schema.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST_HEADER = 20  # a tag and a length, ten bytes each


@dataclass(frozen=True, slots=True)
class Field:
    number: int
    wire: int
    start: int
    """Of the payload."""
    size: int
    value: int
    """Of a varint; 0 for the others."""


def fields(read: Callable[[int, int], bytes], start: int, end: int, most: int = 64) -> list[Field]:
    """The first *most* fields of the message in [start, end), payloads unread.

    Empty if anything there cannot be a message. The last field may reach past *end* (a message
    that was cut off); nothing follows it then.
    """
    found: list[Field] = []
    while start < end and len(found) < most:
        header = read(start, min(_LONGEST_HEADER, end - start))
        tag, used = _varint(header, 0)
        number, wire = tag >> 3, tag & 7
        if used == 0 or not 0 < number < 1 << 29 or wire not in (VARINT, FIXED64, BYTES, FIXED32):
            return []
        value, size = 0, {FIXED64: 8, FIXED32: 4}.get(wire, 0)
        if wire in (VARINT, BYTES):
            value, after = _varint(header, used)
            if after == used:
                return []
            used = after
        if wire == BYTES:
            value, size = 0, value
        found.append(Field(number, wire, start + used, size, value))
        start += used + size
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Its value and where it ends; the end is *at* itself if there is none."""
    value = 0
    for index, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    return 0, at
