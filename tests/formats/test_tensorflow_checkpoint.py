"""Tables of LevelDB, and the index of a checkpoint in one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus.protobuf import message, varint
from tests.corpus.tensorflow import HEADER, entry, table

from modelward.formats.cursor import Broken
from modelward.formats.leveldb_table import Block, Entry, read_table
from modelward.formats.source import BytesSource
from modelward.formats.tensorflow import Gap
from modelward.formats.tensorflow_checkpoint import Header, Tensor, read_checkpoint

ENTRIES = [HEADER, (b"a", entry()), (b"b/c", entry(offset=24)), (b"d", entry(offset=48))]


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_table(blocks: int) -> None:
    data = table(ENTRIES, blocks)
    found = [part for part in read_table(BytesSource(data)) if isinstance(part, Entry)]
    assert [(part.key, data[part.start : part.end]) for part in found] == ENTRIES


def test_shared_beginnings_of_keys() -> None:
    shared = varint(0) + varint(3) + varint(1) + b"abcX" + varint(2) + varint(1) + varint(1) + b"zY"
    plain = table([(b"k" * (len(shared) - 4), b"v")])
    start = plain.index(varint(0) + varint(len(shared) - 4))
    data = plain[:start] + shared.ljust(len(shared), b"\0") + plain[start + len(shared) :]
    assert [part.key for part in read_table(BytesSource(data)) if isinstance(part, Entry)] == [b"abc", b"abz"]


def test_compressed_blocks_are_said() -> None:
    assert [type(part) for part in read_table(BytesSource(table(ENTRIES, compression=1)))] == [Block]


def test_checkpoint() -> None:
    header, *tensors = read_checkpoint(BytesSource(table(ENTRIES, 2)))
    assert header == Header(1, old=False)
    assert [(one.name, one.offset, one.shape) for one in tensors if isinstance(one, Tensor)] == [
        ("a", 0, (2, 3)),
        ("b/c", 24, (2, 3)),
        ("d", 48, (2, 3)),
    ]


def test_first_version() -> None:
    data = table([(b"", message((1, message((1, b""))))), (b"x", b"anything")])
    assert list(read_checkpoint(BytesSource(data))) == [Header(0, old=True)]


def test_every_cut_and_change_ends() -> None:
    data = table(ENTRIES, 2)
    for at in range(len(data)):
        assert any(isinstance(part, Gap) for part in read_checkpoint(BytesSource(data[:at])))
        list(read_checkpoint(BytesSource(data[:at] + b"\xff" + data[at + 1 :])))


def test_one_block_many_times() -> None:
    data = table(ENTRIES)
    one = data[-48:]
    meta_end = one.index(b"\0" * 20)
    assert meta_end
    handles = [(bytes([65 + number]), varint(0) + varint(20)) for number in range(9)]
    index = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in handles)
    block = index + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    head = data[:-48]
    footer = (varint(0) + varint(0) + varint(len(head)) + varint(len(block))).ljust(40, b"\0") + data[-8:]
    with pytest.raises(Broken):
        list(read_table(BytesSource(head + block + bytes(5) + footer)))


@given(st.binary(max_size=100))
def test_anything_goes(data: bytes) -> None:
    list(read_checkpoint(BytesSource(data)))
    list(read_checkpoint(BytesSource(data + table(ENTRIES)[-48:])))
