"""FlatBuffers, put together from the inside out: tables, vectors and texts as Python values."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Scalar:
    code: str
    """One of struct's."""
    value: int


@dataclass(frozen=True)
class Numbers:
    code: str
    values: tuple[int, ...]


@dataclass(frozen=True)
class Table:
    fields: dict[int, Value] = field(default_factory=dict)


Value: TypeAlias = "Scalar | Numbers | Table | list[Table] | str | bytes"


def u8(value: int) -> Scalar:
    return Scalar("B", value)


def i32(value: int) -> Scalar:
    return Scalar("i", value)


def u64(value: int) -> Scalar:
    return Scalar("Q", value)


def i32s(*values: int) -> Numbers:
    return Numbers("i", values)


def build(root: Table, identifier: bytes, between: bytes = b"") -> bytes:
    """*between* stands after the identifier: an extended header."""
    out = bytearray(4) + identifier + between
    struct.pack_into("<I", out, 0, _put(out, root))
    return bytes(out)


def _put(out: bytearray, value: Value) -> int:
    """Where it stands."""
    if isinstance(value, Table):
        return _table(out, value)
    out += bytes(-len(out) % 4)
    at = len(out)
    if isinstance(value, str | bytes):
        data = value.encode() if isinstance(value, str) else value
        out += struct.pack("<I", len(data)) + data + b"\0"
    elif isinstance(value, Numbers):
        out += struct.pack(f"<I{len(value.values)}{value.code}", len(value.values), *value.values)
    elif isinstance(value, list):
        out += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for number, one in enumerate(value):
            place = at + 4 + 4 * number
            struct.pack_into("<I", out, place, _table(out, one) - place)
    return at


def _table(out: bytearray, table: Table) -> int:
    """Its layout, then itself, then what it refers to: offsets lead forward."""
    slots = max(table.fields, default=-1) + 1
    offsets, size = [0] * slots, 4
    for number, value in sorted(table.fields.items()):
        offsets[number] = size
        size += struct.calcsize("<" + value.code) if isinstance(value, Scalar) else 4
    out += bytes(-len(out) % 4)
    layout = len(out)
    out += struct.pack(f"<HH{slots}H", 4 + 2 * slots, size, *offsets)
    out += bytes(-len(out) % 4)
    at = len(out)
    out += struct.pack("<i", at - layout) + bytes(size - 4)
    for number, value in sorted(table.fields.items()):
        place = at + offsets[number]
        if isinstance(value, Scalar):
            struct.pack_into("<" + value.code, out, place, value.value)
        else:
            struct.pack_into("<I", out, place, _put(out, value) - place)
    return at
