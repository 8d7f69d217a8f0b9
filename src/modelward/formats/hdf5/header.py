"""Object headers: the messages that make a group, a dataset or a named type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from modelward.formats.cursor import Broken
from modelward.formats.hdf5.file import Fields, File

_LARGEST = 16 << 20
"""A block of messages, each of which has 64 KiB at most, needs less."""


class Kind(IntEnum):
    NIL = 0
    DATASPACE = 1
    LINK_INFO = 2
    DATATYPE = 3
    OLD_FILL = 4
    FILL = 5
    LINK = 6
    EXTERNAL_FILES = 7
    LAYOUT = 8
    GROUP_INFO = 10
    FILTERS = 11
    ATTRIBUTE = 12
    COMMENT = 13
    OLD_TIME = 14
    SHARED_TABLE = 15
    CONTINUATION = 16
    SYMBOL_TABLE = 17
    TIME = 18
    TREE_K = 19
    DRIVER_INFO = 20
    ATTRIBUTE_INFO = 21
    REFERENCES = 22
    FILE_SPACE = 23
    CACHE_IMAGE = 24


@dataclass(frozen=True, slots=True)
class Message:
    kind: int
    start: int
    end: int
    shared: bool
    """What is here says only where the message is."""


def messages(file: File, address: int | None) -> Iterator[Message]:
    """Every message of the object at *address*, but for continuations, which are followed. Raises Broken."""
    fields = file.fields(address, 32)
    at = fields.at
    if file.source.read(at, 4) == b"OHDR":
        blocks, tracked = _new_head(fields)
    else:
        fields.version(1)
        fields.skip(7)
        size = fields.u32()
        fields.skip(4)
        blocks, tracked = [(fields.at, size)], None
    seen = set()
    while blocks:
        start, size = blocks.pop(0)
        if start in seen:
            raise Broken("a block of messages that continues itself", start)
        seen.add(start)
        for message in _block(file, start, size, tracked):
            if message.kind == Kind.CONTINUATION:
                blocks.append(_continuation(file, message, tracked is not None))
            else:
                yield message


def _new_head(fields: Fields) -> tuple[list[tuple[int, int]], bool]:
    fields.expect(b"OHDR")
    fields.version(2)
    flags = fields.u8()
    fields.skip((16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0))
    size = fields.number(1 << (flags & 3))
    return [(fields.at, size)], bool(flags & 4)


def _continuation(file: File, message: Message, is_new: bool) -> tuple[int, int]:
    fields = Fields(file, message.start, message.end)
    start, size = fields.address(), fields.length()
    if start is None:
        raise Broken("messages go on nowhere", message.start)
    if not is_new:
        return start, size
    file.fields(start, 4).expect(b"OCHK")
    return start + 4, size - 8  # and a checksum


def _block(file: File, start: int, size: int, tracked: bool | None) -> Iterator[Message]:
    """*tracked* is None in a header of version 1, else whether messages are numbered."""
    if not 0 <= size <= _LARGEST:
        raise Broken(f"a block of {size:,} bytes of messages", start)
    head = 8 if tracked is None else 4 + 2 * tracked
    fields = file.fields(start, size)
    while fields.left >= head:
        if tracked is None:
            kind, length, flags = fields.u16(), fields.u16(), fields.u8()
            fields.skip(3)
        else:
            kind, length, flags = fields.u8(), fields.u16(), fields.u8()
            fields.skip(2 * tracked)
        file.spend(0, fields.at)
        at = fields.skip(length)
        yield Message(kind, at, at + length, bool(flags & 2))
    if fields.end < start + size:
        raise Broken("the file ends within the messages of an object", fields.end, cut_short=True)
