"""Protocol Buffers on the wire: the fields of a message, without its schema.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from modelward.formats.cursor import Broken

VARINT, FIXED64, BYTES, GROUP, FIXED32 = 0, 1, 2, 3, 5
_END_GROUP = 4
_FIXED = {FIXED64: 8, FIXED32: 4}
_WIRES = frozenset((VARINT, BYTES, *_FIXED))
_LONGEST_HEADER = 20  # a tag and a length, ten bytes each
_WINDOW = 1 << 12
_DEEPEST = 100  # groups in each other, as the libraries have it

NUMBERS = re.compile(
    rb"(?:[\x08\x10\x18\x20\x28\x30\x38\x40\x48\x50\x58\x60\x68\x70\x78][\0-\x7f]"
    rb"|[\x09\x11\x19\x21\x29\x31\x39\x41\x49\x51\x59\x61\x69\x71\x79]........"
    rb"|[\x0d\x15\x1d\x25\x2d\x35\x3d\x45\x4d\x55\x5d\x65\x6d\x75\x7d]....)*+",
    re.DOTALL,
)
"""A run of numbers in fields below 16: varints below 128, eight bytes, four bytes. Text reads as such."""


class Field(NamedTuple):
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
    A group, which no model format uses, is one field: libraries pass over it. A field that a schema has once may come
    again: of scalars the last counts, submessages are merged.
    """
    return _walk(read, start, end, end)


def walk_cut_off(read: Read, start: int, end: int) -> Iterator[Field]:
    """Like `walk`; but the last field may reach past *end* (a message that was cut off), and nothing follows it."""
    return _walk(read, start, end)


def fields(read: Read, start: int, end: int, most: int = 64) -> list[Field]:
    """The first *most* fields of the message in [start, end), payloads unread.

    Empty if anything there cannot be a message. The last field may reach past *end* (a message
    that was cut off); nothing follows it then.
    """
    try:
        return list(islice(_walk(read, start, end), most))
    except Broken:
        return []


def _walk(read: Read, start: int, end: int, last: int | None = None) -> Iterator[Field]:
    """*last*: where the last payload has to end. Most of the time of a large model goes by here, so numbers
    below 128, which nearly all are, cost no call."""
    window, window_at, ready = b"", start, start - 1
    groups: list[tuple[int, int]] = []
    while start < end:
        if start > ready:
            window, window_at = read(start, min(_WINDOW, end - start)), start
            ready = end if start + len(window) >= end else start + len(window) - _LONGEST_HEADER
        at = start - window_at
        after = at + 1
        tag = window[at] if at < len(window) else 0x80
        if tag >= 0x80:
            tag, after = varint(window, at)
        number, wire = tag >> 3, tag & 7
        if after == at or not 0 < number < 1 << 29 or (wire not in _WIRES and not _in_groups(groups, number, wire)):
            raise Broken("not a field of a Protocol Buffers message", start, cut_short=not window[at:])
        value, size = 0, _FIXED.get(wire, 0)
        if wire in (VARINT, BYTES):
            begin, after = after, after + 1
            value = window[begin] if begin < len(window) else 0x80
            if value >= 0x80:
                value, after = varint(window, begin)
                if after == begin:
                    raise Broken("a number that does not end", start, cut_short=True)
            if wire == BYTES:
                value, size = 0, value
        payload = window_at + after
        start = payload + size
        if last is not None and start > last:
            raise Broken(f"a field of {size:,} bytes reaches past its message", payload, cut_short=True)
        if wire in _WIRES:
            if not groups:
                yield Field(number, wire, payload, size, value)
            else:  # nothing of a group is handed out
                start += _length_of_numbers(window, start - window_at)
        elif wire == GROUP:
            groups.append((number, payload))
        else:
            _, begin = groups.pop()
            if not groups:
                yield Field(number, GROUP, begin, at + window_at - begin, 0)
    if groups:
        raise Broken("a group that does not end", groups[0][1], cut_short=True)


def _length_of_numbers(window: bytes, at: int) -> int:
    run = NUMBERS.match(window, at)
    return len(run[0]) if run else 0


def _in_groups(groups: list[tuple[int, int]], number: int, wire: int) -> bool:
    """Whether a group may begin or end here."""
    if wire == GROUP:
        return len(groups) < _DEEPEST
    return wire == _END_GROUP and bool(groups) and groups[-1][0] == number


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
