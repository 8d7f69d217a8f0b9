"""MessagePack and UBJSON: values inside each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus.formats import msgpack, ubjson

from modelward.formats.cursor import Broken
from modelward.formats.msgpack import is_msgpack, read_msgpack, read_ndarray
from modelward.formats.source import BytesSource
from modelward.formats.ubjson import is_ubjson, read_ubjson
from modelward.formats.value_tree import Duplicate, Gap, Item, Leaf, Part


def parts(data: bytes, kind: str = "msgpack") -> list[Part]:
    return list((read_msgpack if kind == "msgpack" else read_ubjson)(BytesSource(data)))


def test_leaves_of_msgpack_with_their_paths() -> None:
    data = msgpack.packed({"a": {"b": [1, "text", b"bytes", (5, b"more")]}})
    leaves = [part for part in parts(data) if isinstance(part, Leaf)]
    assert [(leaf.path, leaf.item.kind, data[leaf.item.start :][: leaf.item.size]) for leaf in leaves] == [
        ("/a/b[1]", "text", b"text"),
        ("/a/b[2]", "bytes", b"bytes"),
        ("/a/b[3]", "extension", b"more"),
    ]


# Every first byte: https://github.com/msgpack/msgpack/blob/master/spec.md#formats
@pytest.mark.parametrize(
    "value",
    [
        b"\x00", b"\xff", b"\x80", b"\x90", b"\xa1x", b"\xc0", b"\xc2", b"\xc3", b"\xc4\1x", b"\xc5\0\1x",
        b"\xc6\0\0\0\1x",
        b"\xc7\1\5x", b"\xc8\0\1\5x", b"\xc9\0\0\0\1\5x", b"\xca1234", b"\xcb12345678", b"\xcc1", b"\xcd12",
        b"\xce1234",
        b"\xcf12345678", b"\xd01", b"\xd112", b"\xd21234", b"\xd312345678", b"\xd4\5x", b"\xd5\5xx", b"\xd6\xff1234",
        b"\xd7\xff12345678", b"\xd8\5" + bytes(16), b"\xd9\1x", b"\xda\0\1x", b"\xdb\0\0\0\1x", b"\xdc\0\1\0",
        b"\xdd\0\0\0\1\0", b"\xde\0\1\xa1x\0", b"\xdf\0\0\0\1\xa1x\0", b"\x81\1\2", b"\x82\1\2\xa1\1\2",
    ],
)  # fmt: skip
def test_every_kind_of_msgpack(value: bytes) -> None:
    assert not [part for part in parts(value) if not isinstance(part, Leaf)]
    for end in range(len(value)):
        assert isinstance(parts(value[:end])[-1], Gap)


@pytest.mark.parametrize(
    "value",
    [b"Z", b"T", b"F", b"i1", b"U1", b"I12", b"l1234", b"L12345678", b"d1234", b"D12345678", b"Cx", b"SU\1x",
     b"HU\0011",
     b"[]", b"{}", b"[#U\1Z", b"[$d#U\0021234abcd", b"{#U\1U\1aZ", b"{U\1aZ}", b"[NZ]", b"[[{U\1a[]}]]"],
)  # fmt: skip
def test_every_kind_of_ubjson(value: bytes) -> None:
    assert not [part for part in parts(value, "ubjson") if not isinstance(part, Leaf)]
    for end in range(len(value)):
        assert isinstance(parts(value[:end], "ubjson")[-1], Gap)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("msgpack", b"\xc1"),
        ("msgpack", b"\x81\x80\1"),  # a map as a key
        ("msgpack", b"\xdd\xff\xff\xff\xff"),
        ("msgpack", b"\xc6\xff\xff\xff\xffx"),
        ("msgpack", b"\x81\xda\x08\x00" + bytes(2049)),
        ("msgpack", b"\0\0"),
        ("ubjson", b"x"),
        ("ubjson", b"SL\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("ubjson", b"[$S#U\1U\1x"),
        ("ubjson", b"[}"),
        ("ubjson", b"{]"),
        ("ubjson", b"[#L\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ("ubjson", b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ("ubjson", b"[$Z$#U\1"),
        ("ubjson", b"SZ"),
        ("ubjson", b"ZZ"),
        ("ubjson", b"N" * 20),
    ],
)
def test_what_is_none(kind: str, value: bytes) -> None:
    assert isinstance(parts(value, kind)[-1], Gap)


@pytest.mark.parametrize(("kind", "nest"), [("msgpack", b"\x91"), ("ubjson", b"[")])
def test_depth_is_bounded(kind: str, nest: bytes) -> None:
    (gap,) = parts(nest * 100_000, kind)
    assert isinstance(gap, Gap) and "levels" in gap.why


def test_an_array_of_nothing_does_not_count_up_to_its_length() -> None:
    """Its values have no bytes: https://github.com/ubjson/universal-binary-json/issues/43"""
    (numbers,) = parts(b"[$Z#L\x7f" + b"\xff" * 7, "ubjson")
    assert isinstance(numbers, Leaf)
    assert numbers.item.size == 0


def test_keys_that_come_again() -> None:
    data = msgpack.fields(("a", 1), ("a", 2))
    assert [part.path for part in parts(data) if isinstance(part, Duplicate)] == ["/a"]


def test_a_text_and_bytes_are_one_key() -> None:
    assert [part for part in parts(b"\x82\xa1a\1\xc4\1a\2") if isinstance(part, Duplicate)]


# --- arrays of flax ---


@pytest.mark.parametrize(
    "content",
    [b"", b"\x92\x90\xa1f", b"\x93\1\xa1f\xc4\0", b"\x93\x91\xc0\xa1f\xc4\0", b"\x93\x90\1\xc4\0", b"\x93\x90\xa1f\1",
     b"\x93\x90\xa1f\xc4\0\0", b"\x93\xdc\1\0" + b"\1" * 256 + b"\xa1f\xc4\0"],
)  # fmt: skip
def test_what_is_no_array(content: bytes) -> None:
    with pytest.raises(Broken):
        read_ndarray(BytesSource(content), Item("extension", 0, len(content), 1))


def test_an_array() -> None:
    content = b"\x93\x93\2\xcd\1\0\xd0\xff\xa3int\xc4\2xy"
    found = read_ndarray(BytesSource(content), Item("extension", 0, len(content), 1))
    assert (found.shape, found.dtype, found.data.size) == ((2, 256, -1), b"int", 2)


# --- recognition ---


@pytest.mark.parametrize("name", msgpack.ordinary())
def test_msgpack_is_recognised_as_a_whole(name: str) -> None:
    data = msgpack.ordinary()[name]
    assert is_msgpack(BytesSource(data), data)
    assert not is_msgpack(BytesSource(data[:-1]), data) or len(data) > 10_000
    assert not is_msgpack(BytesSource(data + b"\0"), data) or len(data) > 10_000


@pytest.mark.parametrize("name", ubjson.ordinary())
def test_ubjson_is_recognised_as_a_whole(name: str) -> None:
    data = ubjson.ordinary()[name]
    assert is_ubjson(BytesSource(data), data)
    assert not is_ubjson(BytesSource(data[:-1]), data)
    assert not is_ubjson(BytesSource(data + b"}"), data)


@given(st.binary(max_size=200))
def test_nothing_but_parts_comes_out(data: bytes) -> None:
    parts(data)
    parts(data, "ubjson")
    is_msgpack(BytesSource(data), data)
    is_ubjson(BytesSource(data), data)
