"""Datatypes, as far as they say where in a value there is text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from modelward.formats.cursor import Broken
from modelward.formats.hdf5.file import Fields

_DEEPEST = 8
_MOST_FIELDS = 1_000


class Class(IntEnum):
    INTEGER = 0
    FLOAT = 1
    TIME = 2
    STRING = 3
    BITS = 4
    OPAQUE = 5
    COMPOUND = 6
    REFERENCE = 7
    ENUM = 8
    VARIABLE = 9
    ARRAY = 10
    COMPLEX = 11


@dataclass(frozen=True, slots=True)
class Datatype:
    kind: int
    size: int
    """Of one element, in bytes."""
    is_string: bool = False
    parts: tuple[tuple[int, Datatype], ...] = ()
    """Of a compound its members with their offsets; of an array or a variable length the base type."""
    count: int = 1
    """Of an array."""

    @property
    def has_texts(self) -> bool:
        return self._is_text or any(part.has_texts for _, part in self.parts)

    def texts(self) -> Iterator[tuple[int, Datatype]]:
        """The strings, opaque values and values of variable length in one element, with their offsets."""
        if self._is_text:
            yield 0, self
        elif self.has_texts:
            for index in range(self.count):
                for offset, part in self.parts:
                    start = offset + index * part.size
                    yield from ((start + at, text) for at, text in part.texts())

    @property
    def _is_text(self) -> bool:
        return self.kind in (Class.STRING, Class.OPAQUE, Class.VARIABLE)

    @property
    def is_bytes(self) -> bool:
        return self.kind in (Class.INTEGER, Class.BITS, Class.ENUM) and self.size == 1


def datatype(fields: Fields, depth: int = _DEEPEST) -> Datatype:
    """The type that is described next. Raises Broken."""
    at = fields.at
    head, bits, size = fields.u8(), fields.number(3), fields.u32()
    version, kind = head >> 4, head & 15
    if not 1 <= version <= 5 or kind > max(Class) or not depth:
        raise Broken(f"a type of class {kind} and version {version}, which is not known here", at)
    if kind == Class.COMPOUND:
        return Datatype(kind, size, parts=tuple(_members(fields, version, bits & 0xFFFF, size, depth)))
    if kind == Class.ARRAY:
        count = 1
        rank = fields.u8()
        fields.skip(3 if version < 3 else 0)
        for _ in range(rank):
            count *= fields.u32()
        fields.skip(4 * rank if version < 3 else 0)
        if count > _MOST_FIELDS:
            raise Broken(f"a type with {count:,} elements", at)
        return Datatype(kind, size, parts=((0, datatype(fields, depth - 1)),), count=count)
    if kind == Class.VARIABLE:
        return Datatype(kind, size, bits & 15 == 1, ((0, datatype(fields, depth - 1)),))
    if kind == Class.ENUM:
        base = datatype(fields, depth - 1)
        for _ in range(bits & 0xFFFF):
            _name(fields, version)
        fields.skip((bits & 0xFFFF) * base.size)
    elif kind == Class.OPAQUE:
        fields.skip(-(-(bits & 0xFF) // 8) * 8)
    elif kind == Class.COMPLEX:
        datatype(fields, depth - 1)
    else:
        fields.skip({Class.INTEGER: 4, Class.FLOAT: 12, Class.TIME: 2, Class.BITS: 4}.get(Class(kind), 0))
    return Datatype(kind, size, kind == Class.STRING)


def _members(fields: Fields, version: int, count: int, size: int, depth: int) -> Iterator[tuple[int, Datatype]]:
    if count > _MOST_FIELDS:
        raise Broken(f"a type with {count:,} members", fields.at)
    for _ in range(count):
        _name(fields, version)
        if version >= 3:
            yield fields.number((size.bit_length() + 7) // 8 or 1), datatype(fields, depth - 1)
            continue
        offset = fields.u32()
        elements = 1
        if version == 1:  # members that are arrays say so themselves
            rank = fields.u8()
            fields.skip(3 + 4 + 4)
            sizes = [fields.u32() for _ in range(4)]
            for length in sizes[: min(rank, 4)]:
                elements *= length
        if elements > _MOST_FIELDS:
            raise Broken(f"a type with {elements:,} elements", fields.at)
        inner = datatype(fields, depth - 1)
        yield offset, Datatype(Class.ARRAY, inner.size * elements, parts=((0, inner),), count=elements)


def _name(fields: Fields, version: int) -> None:
    """Passes over a name, its NUL, and what pads it to eight bytes before version 3."""
    start = fields.at
    while fields.u8():
        pass
    if version < 3:
        fields.skip(-(fields.at - start) % 8)
