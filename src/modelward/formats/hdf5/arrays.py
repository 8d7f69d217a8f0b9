"""Datasets of numbers: what their elements are, and where they stand in one piece.

https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html sections IV.A.2.b, d and i
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.cursor import Broken
from modelward.formats.hdf5.dataset import COMPACT, CONTIGUOUS, layout
from modelward.formats.hdf5.datatype import Class
from modelward.formats.hdf5.facts import Gap, Part
from modelward.formats.hdf5.file import Fields, open_file
from modelward.formats.hdf5.header import Kind, Message, messages
from modelward.formats.hdf5.walk import Walk

_FLOATS = {(10, 5, 0, 10, 15): "f2", (7, 8, 0, 7, 127): "bf2", (23, 8, 0, 23, 127): "f4", (52, 11, 0, 52, 1023): "f8"}
"""By exponent's place and size, mantissa's place and size, and bias."""


@dataclass(frozen=True, slots=True)
class Array:
    where: str
    """A path of escaped names."""
    kind: str
    """i, u or f and the bytes of an element; bf2; b1 for truth values. Empty for what is not numbers."""
    is_big_endian: bool
    shape: tuple[int, ...]
    at: int | None
    """Where the values begin; None where they are not in one piece."""

    @property
    def size(self) -> int:
        return prod(self.shape) * int(self.kind.lstrip("biuf") or "0")


def read_arrays(source: Source, limits: Limits) -> Iterator[Array | Part]:
    """Every dataset of the file, among what read_hdf5 tells. Never raises for what the bytes say."""
    try:
        walk = _Walk(open_file(source), limits)
        for part in walk.parts():
            yield part
            yield from walk.taken()
        yield from walk.taken()
    except Broken as error:
        yield Gap(error.why, error.at, error.cut_short)


class _Walk(Walk):
    _found: tuple[Array, ...] = ()

    def taken(self) -> tuple[Array, ...]:
        found, self._found = self._found, ()
        return found

    def _object(self, address: int, where: str) -> Iterator[Part]:
        yield from super()._object(address, where)
        found: dict[int, Message] = {}
        for message in messages(self._file, address):
            found.setdefault(message.kind, message)
        if {Kind.LAYOUT, Kind.DATATYPE, Kind.DATASPACE} <= found.keys():
            self._found += (self._array(where, found),)

    def _array(self, where: str, found: dict[int, Message]) -> Array:
        """Raises Broken."""
        needed = [found[kind] for kind in (Kind.LAYOUT, Kind.DATATYPE, Kind.DATASPACE)]
        place, kind, space = (Fields(self._file, each.start, each.end) for each in needed)
        if any(each.shared for each in needed):
            return Array(where, "", False, (), None)
        shape, (name, is_big) = _shape(space), _kind(kind)
        spot = layout(self._file, place)
        plain = spot.kind in (COMPACT, CONTIGUOUS) and not {Kind.FILTERS, Kind.EXTERNAL_FILES} & found.keys()
        array = Array(where, name, is_big, shape or (), spot.at if plain and shape is not None else None)
        if array.at is not None and array.kind and array.size != spot.size:
            raise Broken(f"a dataset of {spot.size:,} bytes, of which its shape makes {array.size:,}", place.at)
        return array


def _shape(fields: Fields) -> tuple[int, ...] | None:
    """None for a dataset without elements."""
    version, rank = fields.version(1, 2), fields.u8()
    fields.skip(1)
    kind = fields.u8()
    fields.skip(4 if version == 1 else 0)
    return None if version == 2 and kind == 2 else tuple(fields.length() for _ in range(rank))


def _kind(fields: Fields) -> tuple[str, bool]:
    """The type of the elements, and whether their first byte is the most significant."""
    kind, bits, size = fields.u8() & 15, fields.number(3), fields.u32()
    if kind == Class.INTEGER:
        is_whole = (fields.u16(), fields.u16()) == (0, 8 * size) and size in (1, 2, 4, 8)
        return (f"{'i' if bits & 8 else 'u'}{size}" if is_whole else ""), bool(bits & 1)
    if kind == Class.FLOAT:
        is_whole = (fields.u16(), fields.u16()) == (0, 8 * size) and not bits & 0x40
        form = fields.u8(), fields.u8(), fields.u8(), fields.u8(), fields.u32()
        return (_FLOATS.get(form, "") if is_whole else ""), bool(bits & 1)
    if kind == Class.ENUM and size == 1 and bits & 0xFFFF == 2:  # as h5py keeps truth values
        return "b1", False
    return "", False
