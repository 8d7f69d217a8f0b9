"""Attributes: small named values of an object, and the text in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelward.core.canonical import escape_bytes
from modelward.formats.cursor import Broken
from modelward.formats.hdf5.datatype import Class, Datatype, datatype
from modelward.formats.hdf5.facts import Text
from modelward.formats.hdf5.file import Fields, File
from modelward.formats.hdf5.header import Kind, messages
from modelward.formats.hdf5.heaps import GlobalHeap

_DEEPEST = 4  # values of variable length in each other
_TEXT_COST = 1 << 8
"""What looking at one text costs besides its bytes, in bytes of metadata."""


@dataclass(frozen=True, slots=True)
class Value:
    """Where the elements of an attribute are."""

    kind: Datatype
    start: int
    count: int


def texts(file: File, heap: GlobalHeap, where: str, start: int, end: int) -> Iterator[Text]:
    """The texts in the attribute message at [start, end). Raises Broken."""
    name, value = _attribute(file, start, end)
    attribute = escape_bytes(name)
    size = value.kind.size * value.count
    if size > end - value.start:
        cut_short = value.start + size > file.source.size
        raise Broken(f"the attribute {attribute} has fewer bytes than its type needs", value.start, cut_short)
    for at, stop, is_string in values(file, heap, value):
        yield Text(where, attribute, at, stop, is_string)


def _attribute(file: File, start: int, end: int) -> tuple[bytes, Value]:
    fields = Fields(file, start, end)
    version = fields.version(1, 2, 3)
    flags = fields.u8() * (version > 1)  # reserved before
    sizes = fields.u16(), fields.u16(), fields.u16()
    fields.skip(1 if version == 3 else 0)
    places = []
    for size in sizes:
        at = fields.skip(size)
        places.append((at, at + size))
        fields.skip(-size % 8 if version == 1 else 0)
    name = file.source.read(*_span(places[0])).partition(b"\0")[0]
    kind = Fields(file, *places[1])
    if flags & 1:
        kind = committed(file, kind)
    if flags & 2:
        raise Broken("an attribute whose extent is shared with others", start)
    return name, Value(datatype(kind), fields.at, count(Fields(file, *places[2])))


def _span(place: tuple[int, int]) -> tuple[int, int]:
    return place[0], place[1] - place[0]


def committed(file: File, pointer: Fields) -> Fields:
    """The type that *pointer* refers to, which is an object of its own."""
    at = pointer.at
    version, kind = pointer.version(1, 2, 3), pointer.u8()
    pointer.skip(6 if version == 1 else 0)
    if version == 3 and kind != 2:
        raise Broken("a type that is kept in a heap for all objects", at)
    for message in messages(file, pointer.address()):
        if message.kind == Kind.DATATYPE and not message.shared:
            return Fields(file, message.start, message.end)
    raise Broken("a type that is not where it should be", at)


def count(fields: Fields) -> int:
    """The number of elements in a dataspace."""
    version, rank, _ = fields.version(1, 2), fields.u8(), fields.u8()
    kind = fields.u8()
    if version == 2 and kind == 2:
        return 0
    fields.skip(4 if version == 1 else 0)
    count = 1
    for _ in range(rank):
        count *= fields.length()
    return count


def values(file: File, heap: GlobalHeap, value: Value) -> Iterator[tuple[int, int, bool]]:
    """Where each text of *value* starts and ends, and whether it is a string. Raises Broken."""
    for start, end, is_string in _values(file, heap, value, _DEEPEST):
        if start < end:
            file.spend(_TEXT_COST, start)
            if end > file.source.size or not file.texts.spend(end - start):
                raise Broken("texts of more bytes than the file has", start, cut_short=end > file.source.size)
            yield start, end, is_string


def _values(file: File, heap: GlobalHeap, value: Value, depth: int) -> Iterator[tuple[int, int, bool]]:
    kind = value.kind
    if kind.is_bytes:
        yield value.start, value.start + value.count, False
    if not kind.has_texts:
        return
    for index in range(value.count):
        for offset, text in kind.texts():
            at = value.start + index * kind.size + offset
            if text.kind != Class.VARIABLE:
                yield at, at + text.size, text.is_string
                continue
            fields = file.fields(at, text.size)
            length, address, number = fields.u32(), fields.address(), fields.u32()
            if not length:
                continue
            start, end = heap.find(address, number)
            base = text.parts[0][1]
            if text.is_string:
                yield start, end, True
            elif depth:
                if length * base.size > end - start:
                    raise Broken("a value of variable length that is longer than its place", start)
                yield from _values(file, heap, Value(base, start, length), depth - 1)
            else:
                raise Broken("values of variable length in each other", at)
