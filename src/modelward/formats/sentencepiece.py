"""SentencePiece models: the fields of ModelProto, and the tables of its normalizers.

https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken
from modelward.formats.protobuf import BYTES, FIXED32, VARINT, Field, Read, fields, walk

LONGEST_PIECE = 10_000
"""Bytes. Trained pieces have at most a few dozen; some libraries recurse once for each."""
_LARGEST_TABLE = 8 << 20
_MOST_ODD = 100

_MODEL: Mapping[int, str] = {1: "pieces", 2: "trainer", 3: "normalizer", 4: "self test", 5: "denormalizer"}
_NORMALIZER: Mapping[int, int] = {1: BYTES, 2: BYTES, 3: VARINT, 4: VARINT, 5: VARINT, 6: BYTES}
_PIECE: Mapping[int, int] = {1: BYTES, 2: FIXED32, 3: VARINT}


@dataclass(frozen=True, slots=True)
class Odd:
    """A part that the library's own trainer does not write."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Model:
    pieces: int = 0
    long_pieces: tuple[Odd, ...] = ()
    tables: tuple[Odd, ...] = ()
    """Character maps that lead a reader out of them."""
    unknown: tuple[Odd, ...] = ()
    """Fields that the format does not have, and what cannot be told."""


def is_model(read: Read, size: int) -> bool:
    """Whether a message begins with a piece: a text and its score."""
    first = fields(read, 0, size, most=1)
    if not first or (first[0].number, first[0].wire) != (1, BYTES) or first[0].end > size:
        return False
    piece = fields(read, first[0].start, first[0].end)
    return (
        [(field.number, field.wire) for field in piece[:2]] == [(1, BYTES), (2, FIXED32)]
        and all(_PIECE.get(field.number) == field.wire for field in piece)
        and piece[0].size > 0
        and piece[-1].end == first[0].end
    )


def read_sentencepiece(source: Source) -> Model:
    """All of the model's fields; the pieces' texts are not kept."""
    pieces = 0
    long: list[Odd] = []
    tables: list[Odd] = []
    unknown: list[Odd] = []
    seen: set[int] = set()
    try:
        for field in walk(source.read, 0, source.size):
            seen.add(field.number)
            name = _MODEL.get(field.number)
            if name is None or field.wire != BYTES:
                unknown.append(Odd(f"a field of number {field.number}", field.start, field.end))
            elif name == "pieces":
                pieces += 1
                if field.size > LONGEST_PIECE:
                    long.append(Odd(f"piece {pieces - 1:,} has {field.size:,} bytes", field.start, field.end))
            elif "normalizer" in name:
                _normalizer(source, field, tables, unknown)
            if len(long) + len(tables) + len(unknown) > _MOST_ODD:
                unknown.append(Odd("more odd parts than the limit", field.end, source.size))
                break
    except Broken as broken:
        unknown.append(Odd(broken.why, broken.at, source.size))
    if not unknown and not {2, 3} <= seen:
        unknown.append(Odd("it ends before its trainer or its normalizer", source.size, source.size))
    return Model(pieces, tuple(long), tuple(tables), tuple(unknown))


def _normalizer(source: Source, spec: Field, tables: list[Odd], unknown: list[Odd]) -> None:
    for count, field in enumerate(walk(source.read, spec.start, spec.end)):
        if _NORMALIZER.get(field.number) != field.wire or count > _MOST_ODD:
            unknown.append(Odd(f"a field of number {field.number} in a normalizer", field.start, field.end))
            return
        if field.number == 2 and field.size > _LARGEST_TABLE:
            unknown.append(Odd(f"a character map of {field.size:,} bytes", field.start, field.end))
        elif field.number == 2 and (problem := charsmap_problem(source.read(field.start, field.size))):
            tables.append(Odd(problem, field.start, field.end))


def charsmap_problem(table: bytes) -> str:
    """How a character map leads a reader out of it, or "".

    It is the size of a double-array trie, the trie, and the texts that its leaves point to, each with a
    zero behind it. Of a node the reader looks at every child within a block of 256 units.
    https://github.com/google/sentencepiece/issues/1269
    """
    if not table:
        return ""
    size = int.from_bytes(table[:4], "little")
    if len(table) < 8 or size % 4 or not 0 < size < len(table) - 4:
        return f"its trie is said to have {size:,} of {len(table):,} bytes"
    units = array("I", table[4 : 4 + size])
    if sys.byteorder == "big":
        units.byteswap()
    texts = table[4 + size :]
    if texts[-1]:
        return "its last text does not end"
    return _unit_problem(units, len(texts))


def _unit_problem(units: array[int], texts: int) -> str:
    count = len(units)
    for at, unit in enumerate(units):
        if unit >> 31 and at:  # a leaf, which no letter leads to; nobody asks that of the root
            continue
        first = at ^ (unit >> 10) << ((unit & 0x200) >> 6)
        if first | 0xFF >= count:
            return f"unit {at:,} of its trie points to unit {first:,} of {count:,}"
        if unit & 0x100 and units[first] & 0x7FFFFFFF >= texts:
            return f"unit {at:,} of its trie points to text {units[first] & 0x7FFFFFFF:,} of {texts:,} bytes"
    return ""
