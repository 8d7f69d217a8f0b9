"""FlatBuffers: what is there, what is not, and offsets that lead anywhere."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus.flatbuffer import Scalar, build, i32, i32s, u64
from tests.corpus.flatbuffer import Table as Made

from modelward.formats.cursor import Broken
from modelward.formats.flatbuffer import Buffer, Table
from modelward.formats.source import BytesSource

DATA = build(
    Made({0: i32(-5), 1: "name", 2: i32s(1, 2, 3), 3: Made({1: u64(7)}), 4: [Made(), Made({0: i32(9)})]}), b"TEST"
)


def root(data: bytes) -> Table:
    return Buffer(BytesSource(data)).root()


def test_every_kind_of_field() -> None:
    table = root(DATA)
    assert table.number(0, "i") == -5
    assert table.text(1) == "name"
    assert list(table.numbers(2, "i")) == [1, 2, 3]
    inner = table.table(3)
    assert inner is not None and inner.number(1, "Q") == 7
    assert [one.number(0, "i", 8) for one in table.tables(4)] == [8, 9]
    assert table.buffer.reach == len(DATA)


def test_fields_that_are_not_there() -> None:
    table = root(DATA)
    assert (table.number(9, "i", 4), table.text(9), table.table(9), table.vector(9, 1), table.has(9)) == (
        4,
        "",
        None,
        None,
        False,
    )
    assert list(table.tables(9)) == []
    assert list(table.numbers(9, "i")) == []


def test_long_vectors() -> None:
    data = build(Made({0: i32s(*range(5000))}), b"TEST")
    assert list(root(data).numbers(0, "i")) == list(range(5000))


def visit(data: bytes) -> None:
    """Everything that DATA has."""
    table = root(data)
    table.number(0, "i")
    table.text(1)
    list(table.numbers(2, "i"))
    inner = table.table(3)
    assert inner is None or inner.number(1, "Q") >= 0
    assert len([one.number(0, "i") for one in table.tables(4)]) < len(data)


def test_every_cut_is_broken() -> None:
    for end in range(len(DATA) - 4):
        with pytest.raises(Broken):
            visit(DATA[:end])


@given(st.data())
def test_any_change_is_read_or_broken(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(DATA) - 4))
    value = data.draw(st.integers(0, (1 << 32) - 1))
    try:
        visit(DATA[:at] + struct.pack("<I", value) + DATA[at + 4 :])
    except Broken as broken:
        assert 0 <= broken.at <= len(DATA)


@pytest.mark.parametrize("offset", [0, 1, 3, 1 << 31, (1 << 32) - 1])
def test_offsets_that_lead_nowhere(offset: int) -> None:
    with pytest.raises(Broken):
        root(struct.pack("<I", offset) + DATA[4:])


def test_layout_before_the_buffer() -> None:
    at = struct.unpack_from("<I", DATA)[0]
    with pytest.raises(Broken, match="outside"):
        root(DATA[:at] + struct.pack("<i", at + 1) + DATA[at + 4 :])


def test_a_field_outside_of_its_table() -> None:
    data = bytearray(build(Made({0: Scalar("B", 1)}), b"TEST"))
    struct.pack_into("<H", data, 12, 5000)
    with pytest.raises(Broken, match="outside of its table"):
        root(bytes(data)).number(0, "B")


def test_one_table_is_not_visited_forever() -> None:
    """A vector whose elements all lead to vectors, which all lead to one table."""
    buffer = Buffer(BytesSource(DATA))
    with pytest.raises(Broken, match="more tables"):
        buffer.spend(2_000_000)
