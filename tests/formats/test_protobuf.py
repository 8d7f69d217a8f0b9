"""https://protobuf.dev/programming-guides/encoding/"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus.protobuf import message

from modelward.formats.cursor import Broken
from modelward.formats.protobuf import BYTES, FIXED32, FIXED64, GROUP, VARINT, Field, fields, varint, walk
from modelward.formats.source import BytesSource

FIELDS: st.SearchStrategy[list[tuple[int, int | bytes | str]]] = st.lists(
    st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1) | st.binary(max_size=300))
)


def read(data: bytes) -> list[Field]:
    return list(walk(BytesSource(data).read, 0, len(data)))


@given(FIELDS)
def test_reads_what_was_written(content: list[tuple[int, int | bytes | str]]) -> None:
    data = message(*content)
    found = read(data)
    assert [
        (field.number, data[field.start : field.end] if field.wire == BYTES else field.value) for field in found
    ] == content
    assert fields(BytesSource(data).read, 0, len(data), most=len(content) + 1) == found


def test_more_than_a_window() -> None:
    long: list[tuple[int, int | bytes | str]] = [(1, bytes(5_000)), (2, 7)]
    data = message(*(long * 20), (3, b"x"))
    assert [field.number for field in read(data)] == [1, 2] * 20 + [3]


def test_fixed_numbers_are_passed() -> None:
    data = bytes([1 << 3 | FIXED64]) + bytes(8) + bytes([2 << 3 | FIXED32]) + bytes(4) + message((3, 1))
    assert [(field.number, field.wire) for field in read(data)] == [(1, FIXED64), (2, FIXED32), (3, VARINT)]


def test_a_group_is_one_field_whatever_is_in_it() -> None:
    inner = b"\x0b" + message((1, "x")) + b"\x0c"
    data = message((1, 1)) + b"\x13" + inner + message((3, 7)) + b"\x14" + message((3, 2))
    assert [(field.number, field.wire, data[field.start : field.end]) for field in read(data)] == [
        (1, VARINT, b""),
        (2, GROUP, inner + message((3, 7))),
        (3, VARINT, b""),
    ]


PARTS = st.lists(
    st.tuples(st.integers(1, 20), st.integers(0, 300) | st.binary(max_size=20)).map(lambda part: message(part))
    | st.builds(
        lambda number, value: bytes([number << 3 | FIXED64]) + value,
        st.integers(1, 15),
        st.binary(min_size=8, max_size=8),
    )
    | st.builds(
        lambda number, value: bytes([number << 3 | FIXED32]) + value,
        st.integers(1, 15),
        st.binary(min_size=4, max_size=4),
    )
)


@given(PARTS, st.integers(0, 3000))
def test_a_group_ends_where_it_ends(parts: list[bytes], zeros: int) -> None:
    inner = b"".join(parts) + b"\x08\x00" * zeros + b"".join(parts)
    data = b"\x13" + inner + b"\x14" + message((3, 2))
    assert [(field.number, field.start, field.end) for field in read(data)] == [
        (2, 1, 1 + len(inner)),
        (3, len(data), len(data)),
    ]
    with pytest.raises(Broken):
        read(b"\x13" + inner)


@pytest.mark.parametrize("data", [b"\x0b", b"\x0b\x14", b"\x0c", b"\x0b\x0b\x0c", b"\x0b" * 200 + b"\x0c" * 200])
def test_groups_that_do_not_fit(data: bytes) -> None:
    with pytest.raises(Broken):
        read(data)


@pytest.mark.parametrize(
    "data",
    [b"\x00", b"\x08", b"\x0b", b"\x08" + b"\x80" * 11, b"\x0a\x05abc", b"\x0a" + b"\xff" * 9 + b"\x01", b"\x07"],
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(Broken):
        read(data)


def test_a_number_has_64_bits() -> None:
    assert varint(b"\xff" * 9 + b"\x7f", 0) == (2**64 - 1, 10)
    assert varint(b"\x80", 0) == (0, 0)
