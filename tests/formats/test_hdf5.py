"""Reading HDF5: what every structure says, and that none of them can mislead the reader."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus import hdf5
from tests.corpus.formats.hdf5 import hostile, ordinary
from tests.corpus.hdf5 import ATTRIBUTE_INFO, LINK, NOWHERE, Writer, u16, u32, u64

from modelward.core.limits import Limits
from modelward.formats.hdf5.facts import ExternalLink, ExternalStorage, Gap, Part, Text, VirtualDataset
from modelward.formats.hdf5.walk import read_hdf5
from modelward.formats.source import BytesSource

FILES = {**ordinary(), **hostile()}


def read(data: bytes, limits: Limits | None = None) -> list[Part]:
    return list(read_hdf5(BytesSource(data), limits or Limits()))


def texts(data: bytes) -> dict[str | None, bytes]:
    """The texts by their attribute; there must be nothing else to say."""
    found = {}
    for part in read(data):
        assert isinstance(part, Text), part
        found[part.attribute] = data[part.start : part.end]
    return found


def gaps(data: bytes) -> list[str]:
    return [part.why for part in read(data) if isinstance(part, Gap)]


# --- what is read ---


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("block", [0, 512, 4096])
def test_superblock_of_the_old_kind(version: int, block: int) -> None:
    writer = Writer()
    data = writer.old(writer.old_object(hdf5.text("a", b"x")), version=version, block=block)
    assert texts(data) == {"a": b"x"}


@pytest.mark.parametrize("version", [2, 3])
def test_superblock_of_the_new_kind(version: int) -> None:
    writer = Writer()
    extension = writer.new_object(hdf5.text("e", b"y", version=3))
    data = writer.new(writer.new_object(hdf5.text("a", b"x", version=3)), version=version, extension=extension)
    assert texts(data) == {"a": b"x", "e": b"y"}


def test_the_first_superblock_counts() -> None:
    """As in the library, which looks at 0, 512, 1024 and so on."""
    first = hdf5.of_attributes(hdf5.text("a", b"first"))
    second = hdf5.of_attributes(hdf5.text("a", b"second"))
    assert texts(first.ljust(1024, b"\0") + second) == {"a": b"first"}
    assert texts(bytes(1024) + second) == {"a": b"second"}


def test_groups_of_both_kinds() -> None:
    writer = Writer()
    leaf = writer.new_object(hdf5.text("deep", b"x", version=3))
    inner = writer.new_object((LINK, hdf5.hard(b"leaf", leaf)))
    root = writer.old_object(writer.names({b"inner": inner, b"odd\\name": writer.old_object()}))
    (part,) = read(writer.old(root))
    assert isinstance(part, Text)
    assert part.where == "/inner/leaf"


@pytest.mark.parametrize("kind", ["old_object", "new_object"])
def test_messages_in_a_second_block(kind: str) -> None:
    writer = Writer()
    root = getattr(writer, kind)(hdf5.text("a", b"1", version=3), more=[hdf5.text("b", b"2", version=3)])
    assert texts(writer.old(root)) == {"a": b"1", "b": b"2"}


def test_values_of_every_type() -> None:
    writer = Writer()
    members = hdf5.compound_type(12, (b"n", 0, hdf5.byte_type()), (b"s", 4, hdf5.string_type(8)))
    committed = writer.old_object((hdf5.DATATYPE, hdf5.string_type(2)))
    pointer = b"\x03\x02" + u64(committed)
    shared = bytes((3, 1)) + u16(2, len(pointer), len(hdf5.space())) + b"\0c\0" + pointer + hdf5.space() + b"hi"
    root = writer.old_object(
        hdf5.attribute(b"fixed", hdf5.string_type(3), b"abc", version=2),
        hdf5.attribute(b"opaque", hdf5.opaque_type(3), b"\1\2\3"),
        hdf5.attribute(b"bytes", hdf5.byte_type(), b"\4\5", 2, version=3),
        hdf5.attribute(b"member", members, bytes(4) + b"metre\0\0\0", version=3),
        hdf5.attribute(b"numbers", hdf5.float_type(), bytes(16), 2),
        writer.long_text(b"long", b"any length"),
        (hdf5.ATTRIBUTE, shared),
    )
    assert texts(writer.old(root)) == {
        "fixed": b"abc",
        "opaque": b"\1\2\3",
        "bytes": b"\4\5",
        "member": b"metre\0\0\0",
        "long": b"any length",
        "c": b"hi",
    }


def test_every_element_of_an_array_is_a_text() -> None:
    data = hdf5.of_attributes(hdf5.attribute(b"names", hdf5.string_type(2), b"abcdef", 3))
    assert [data[part.start : part.end] for part in read(data) if isinstance(part, Text)] == [b"ab", b"cd", b"ef"]


@pytest.mark.parametrize("in_rows", [False, True])
def test_attributes_in_a_heap(in_rows: bool) -> None:
    bodies = [hdf5.text(f"a{index}", b"x" * index, version=3)[1] for index in range(1, 9)]
    large = hdf5.text("large", b"y" * 70_000, version=3)[1]
    writer = Writer()
    heap, tree = writer.heap(bodies, in_rows=in_rows, huge=[large])
    data = writer.new(writer.new_object((ATTRIBUTE_INFO, b"\0\0" + u64(heap, tree))))
    found = texts(data)
    assert found.pop("large") == b"y" * 70_000
    assert found == {f"a{index}": b"x" * index for index in range(1, 9)}


def test_references_out_of_the_file() -> None:
    kinds = {type(part) for data in hostile().values() for part in read(data)}
    assert {ExternalLink, ExternalStorage, VirtualDataset} <= kinds
    assert not any(isinstance(part, Gap) for data in FILES.values() for part in read(data))


def test_names_that_a_reader_would_misread_are_escaped() -> None:
    writer = Writer()
    link = hdf5.external(b"a\xff\n", b"\xff.h5", b"/\xfe")
    (part,) = read(writer.new(writer.new_object((LINK, link))))
    assert part == ExternalLink("/a\\xff\n", "\\xff.h5", "/\\xfe", part.start)


# --- what is not read is said ---


def test_not_a_file() -> None:
    assert gaps(b"") == ["not an HDF5 file"]
    assert gaps(hdf5.SIGNATURE + b"\x09") == ["a superblock of version 9, which is not known here"]


def test_a_message_of_an_unknown_type() -> None:
    writer = Writer()
    data = writer.old(writer.old_object((77, b"x"), hdf5.text("a", b"y")))
    assert gaps(data) == ["/: a message of type 77, which is not known here"]
    assert len(read(data)) == 2


def test_a_link_of_an_unknown_type() -> None:
    writer = Writer()
    data = writer.new(writer.new_object((LINK, hdf5.link(b"x", 70, u16(1) + b"y"))))
    assert gaps(data) == ["/x: a link of type 70, whose meaning an application defines"]


def test_a_part_that_is_kept_elsewhere() -> None:
    """Messages can be shared by a table of the whole file, which Keras and h5py do not write."""
    writer = Writer()
    body = b"\x0c" + u16(8) + b"\x02" + bytes(8)
    root = writer.put(b"OHDR\x02\x02" + u32(len(body)) + body + bytes(4))
    assert gaps(writer.new(root)) == ["/: a part that is kept in a heap for all objects"]


def test_content_in_several_files() -> None:
    data = bytearray(hdf5.of_attributes())
    data[48:56] = u64(96)  # the driver information block
    assert gaps(bytes(data)) == ["the content is spread over several files"]


def test_rows_that_are_compressed() -> None:
    writer = Writer()
    deflated = (11, b"\1\1" + bytes(6) + b"\1" + bytes(7))
    rows = writer.old_object(*writer.chunked_rows(b"N."), deflated, hdf5.text("PSEUDOATOM", b"object"))
    assert gaps(writer.old(rows)) == ["/: rows of objects that are compressed"]


# --- bounds ---


def cycles() -> Iterator[bytes]:
    writer = Writer()
    tree = len(writer.data)
    writer.put(b"TREE\0\1" + u16(1) + u64(NOWHERE, NOWHERE, 0, tree, 0))
    heap = writer.put(b"HEAP" + bytes(4) + u64(8, 1, writer.put(bytes(8))))
    yield writer.old(writer.old_object((hdf5.SYMBOL_TABLE, u64(tree, heap))))
    writer = Writer()
    at = len(writer.data) + 16
    yield writer.old(writer.old_object((hdf5.CONTINUATION, u64(at, 24))))
    writer = Writer()
    heap, _ = writer.heap([])
    node = len(writer.data)
    writer.put(b"BTIN\0\x08" + u64(node) + u16(0) + bytes(8))
    index = writer.put(b"BTHD\0\x08" + u32(512) + u16(17, 3) + b"\x64\x28" + u64(node) + u16(0) + u64(0))
    yield writer.new(writer.new_object((ATTRIBUTE_INFO, b"\0\0" + u64(heap, index))))


@pytest.mark.parametrize("data", list(cycles()))
def test_cycles_end(data: bytes) -> None:
    assert gaps(data)


def test_a_group_in_itself_is_ordinary() -> None:
    writer = Writer()
    root = len(writer.data)
    link = hdf5.hard(b"again", root)
    assert writer.new_object((LINK, link), hdf5.text("a", b"x", version=3)) == root
    assert texts(writer.new(root)) == {"a": b"x"}


@pytest.mark.parametrize("count", [2**16, 2**32, 2**63, 2**64 - 1])
def test_absurd_counts(count: int) -> None:
    writer = Writer()
    rows = writer.old_object(*writer.chunked_rows(b"N."), (1, hdf5.space(count)), hdf5.text("PSEUDOATOM", b"object"))
    read(writer.old(rows))
    assert gaps(hdf5.of_attributes(hdf5.attribute(b"a", hdf5.string_type(1), b"x", count)))
    assert gaps(hdf5.of_attributes(hdf5.attribute(b"a", hdf5.string_type(min(count, 2**32 - 1)), b"x")))


def test_values_that_share_their_bytes_are_bounded() -> None:
    writer = Writer()
    heap = writer.values(b"x" * 100_000)
    places = b"".join(u32(100_000 - index) + u64(heap) + u32(1) for index in range(4_000))
    parts = read(writer.old(writer.old_object(hdf5.attribute(b"a", hdf5.rows_type(), places, 4_000))))
    assert isinstance(parts[-1], Gap)
    assert sum(part.end - part.start for part in parts if isinstance(part, Text)) < 1_000_000


def test_a_type_of_many_elements() -> None:
    array = b"\x3a\0\0\0" + u32(1) + b"\1" + u32(1_000)
    kind = array * 6 + hdf5.string_type(1)
    data = hdf5.of_attributes(hdf5.attribute(b"a", kind, b"x"))
    assert any(isinstance(part, Gap) for part in read(data))


def test_more_objects_than_the_limit() -> None:
    writer = Writer()
    links = [(LINK, hdf5.hard(b"%d" % index, writer.new_object())) for index in range(20)]
    parts = read(writer.new(writer.new_object(*links)), Limits(entries=10))
    assert [part.why for part in parts if isinstance(part, Gap)] == ["more objects than the limit of entries"]


# --- laws ---


@pytest.mark.parametrize("name", FILES)
def test_what_is_cut_off_is_said(name: str) -> None:
    data = FILES[name]
    whole = set(read(data))
    places = range(len(data)) if len(data) < 600 else sorted(random.Random(name).sample(range(len(data)), 200))
    for cut in places:
        found = read(data[:cut])
        assert whole <= set(found) or any(isinstance(part, Gap) for part in found) or _is_tail(whole, data, cut)


def _is_tail(whole: set[Part], data: bytes, cut: int) -> bool:
    """Only the bytes of a dataset are missing, which are told as far as they are there."""
    return any(isinstance(part, Text) and not part.whole and part.end > cut for part in whole)


@given(st.sampled_from(sorted(FILES)), st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_damage_raises_nothing(name: str, at: int, change: bytes) -> None:
    data = FILES[name]
    at %= len(data)
    read(data[:at] + change + data[at + len(change) :])


@given(st.binary(max_size=200))
def test_garbage_raises_nothing(rest: bytes) -> None:
    read(hdf5.SIGNATURE + rest)
