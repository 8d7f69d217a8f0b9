"""Datasets: where their values are, and what in them is more than numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from modelward.formats.cursor import Broken
from modelward.formats.hdf5.attribute import Value, committed, count, values
from modelward.formats.hdf5.btree import CHUNKS, leaves
from modelward.formats.hdf5.datatype import Class, Datatype, datatype
from modelward.formats.hdf5.facts import Extent, Text
from modelward.formats.hdf5.file import Fields, File
from modelward.formats.hdf5.header import Kind, Message
from modelward.formats.hdf5.heaps import GlobalHeap

COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL = range(4)
ROWS = "PSEUDOATOM"
"""The attribute by which PyTables knows that rows are pickles, or texts."""


@dataclass(frozen=True, slots=True)
class Layout:
    kind: int
    at: int | None
    """The values, or the B-tree of chunks, or the heap of what a virtual dataset is made of."""
    size: int = 0
    sides: tuple[int, ...] = ()
    """Of a chunk, in elements."""
    is_known: bool = True
    """False: chunks are found in a way that is not read here."""


def layout(file: File, fields: Fields) -> Layout:
    """Raises Broken for what does not exist yet."""
    at, version = fields.at, fields.version(1, 2, 3, 4, 5)
    if version < 3:
        rank, kind = fields.u8(), fields.u8()
        fields.skip(5)
        place = fields.address() if kind != COMPACT else None
        sides = tuple(fields.u32() for _ in range(rank))
        return Layout(kind, place, 0, sides[:-1])
    kind = fields.u8()
    if kind == COMPACT:
        size = fields.u16()
        return Layout(kind, fields.at, size)
    if kind == CONTIGUOUS:
        return Layout(kind, fields.address(), fields.length())
    if kind == CHUNKED and version == 3:
        rank = fields.u8()
        place = fields.address()
        return Layout(kind, place, 0, tuple(fields.u32() for _ in range(rank))[:-1])
    if kind == CHUNKED:
        return Layout(kind, None, is_known=False)
    if kind == VIRTUAL:
        return Layout(kind, fields.at)
    raise Broken(f"a dataset stored in a way that is not known here: {kind}", at)


def extent(file: File, where: str, found: dict[int, Message]) -> Iterator[Extent]:
    """Of the dataset that the messages *found* describe, if they describe one. Raises Broken."""
    if not {Kind.LAYOUT, Kind.DATATYPE, Kind.DATASPACE} <= found.keys():
        return
    if found[Kind.DATASPACE].shared:
        raise Broken("a dataset whose extent is shared with others", found[Kind.DATASPACE].start)
    kind = _fields(file, found[Kind.DATATYPE])
    if found[Kind.DATATYPE].shared:
        kind = committed(file, kind)
    elements = count(_fields(file, found[Kind.DATASPACE]))
    yield Extent(where, elements * datatype(kind).size, found[Kind.DATASPACE].start)


def contents(file: File, heap: GlobalHeap, where: str, found: dict[int, Message], has_rows: bool) -> Iterator[Text]:
    """What in the dataset that the messages *found* describe can be more than numbers: bytes that stand in one
    piece, and rows of any length, if they are objects. Raises Broken."""
    if not {Kind.LAYOUT, Kind.DATATYPE, Kind.DATASPACE} <= found.keys() or found[Kind.DATATYPE].shared:
        return
    place = layout(file, _fields(file, found[Kind.LAYOUT]))
    kind = datatype(_fields(file, found[Kind.DATATYPE]))
    is_bytes = kind.is_bytes or kind.kind in (Class.STRING, Class.OPAQUE)
    if kind.kind == Class.VARIABLE and has_rows:
        yield from _rows(file, heap, where, kind, place, found)
    elif is_bytes and place.kind in (COMPACT, CONTIGUOUS) and place.at is not None and place.size:
        yield Text(where, None, place.at, min(place.at + place.size, file.source.size), whole=False)


def _fields(file: File, message: Message) -> Fields:
    return Fields(file, message.start, message.end)


def _rows(
    file: File, heap: GlobalHeap, where: str, kind: Datatype, place: Layout, found: dict[int, Message]
) -> Iterator[Text]:
    total = count(_fields(file, found[Kind.DATASPACE]))
    for at, first, most in _pieces(file, kind, place):
        if place.kind == CHUNKED and Kind.FILTERS in found:
            raise Broken("rows of objects that are compressed", at)
        for start, end, _ in values(file, heap, Value(kind, at, min(most, max(total - first, 0)))):
            yield Text(where, None, start, end, whole=True)


def _pieces(file: File, kind: Datatype, place: Layout) -> Iterator[tuple[int, int, int]]:
    """Where elements stand one after the other, which the first of them is, and how many there can be."""
    if not place.is_known:
        raise Broken("rows of objects in chunks of a newer kind", file.base)
    if place.kind in (COMPACT, CONTIGUOUS) and place.at is not None:
        yield place.at, 0, place.size // max(kind.size, 1)
    elif place.kind == CHUNKED and place.at is not None:
        rank = len(place.sides)
        for key, at in leaves(file, place.at, CHUNKS, 8 + 8 * (rank + 1)):
            key.skip(8)
            yield at, key.u64() if rank == 1 else 0, prod(place.sides)
