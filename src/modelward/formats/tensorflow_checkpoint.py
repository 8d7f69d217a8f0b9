"""The index of a TensorFlow checkpoint: which tensor lies where in the files of its data.

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken
from modelward.formats.leveldb_table import Block, Entry, read_table
from modelward.formats.protobuf import BYTES, VARINT, Field, walk
from modelward.formats.tensorflow import Gap

ELEMENT_BYTES = {
    1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 11: 1, 12: 1, 13: 4, 14: 2, 15: 2, 16: 2, 17: 2, 18: 16,
    19: 2, 22: 4, 23: 8, 24: 1, 25: 1, 26: 1, 27: 1, 28: 1,
}  # fmt: skip
"""By DataType; texts, resources and numbers of less than a byte are missing.
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto"""


@dataclass(frozen=True, slots=True)
class Header:
    shards: int
    """Files of data."""
    old: bool
    """A checkpoint of the first version, which holds the tensors itself: entries are not stated."""


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    dtype: int
    shape: tuple[int, ...] | None
    """None: unknown."""
    shard: int
    offset: int
    size: int
    sliced: bool
    """Its parts have entries of their own."""
    start: int
    end: int


def read_checkpoint(source: Source) -> Iterator[Header | Tensor | Gap]:
    """The header, then the tensors in the order of the table; a gap where it cannot be read."""
    try:
        is_bundle = False
        for number, part in enumerate(read_table(source)):
            if isinstance(part, Block):
                why = "a block compressed with Snappy, which is not read here"
                yield Gap(why, part.start)
            elif number == 0 and part.key == b"":
                header = _header(source, part)
                is_bundle = not header.old
                yield header
            elif is_bundle:
                yield _tensor(source, part)
    except Broken as broken:
        yield Gap(broken.why, broken.at, broken.cut_short)


def _header(source: Source, entry: Entry) -> Header:
    """BundleHeaderProto; a checkpoint of the first version has SavedTensorSlices there."""
    inner = list(walk(source.read, entry.start, entry.end))
    shards = [one.value for one in inner if (one.number, one.wire) == (1, VARINT)]
    return Header(shards[-1] if shards else 0, old=any((one.number, one.wire) == (1, BYTES) for one in inner))


def _tensor(source: Source, entry: Entry) -> Tensor:
    """BundleEntryProto. Of a number that comes again the last counts."""
    numbers: dict[int, int] = {}
    shape: list[int] = []
    unknown = sliced = False
    for one in walk(source.read, entry.start, entry.end):
        if one.wire == VARINT:
            numbers[one.number] = _signed(one.value)
        elif (one.number, one.wire) == (2, BYTES):
            sizes, is_unknown = _shape(source, one)
            shape += sizes
            unknown = unknown or is_unknown
        sliced = sliced or one.number == 7
    name = entry.key.decode("utf-8", "backslashreplace")
    dtype, shard, offset, size = (numbers.get(number, 0) for number in (1, 3, 4, 5))
    return Tensor(name, dtype, None if unknown else tuple(shape), shard, offset, size, sliced, entry.start, entry.end)


def _shape(source: Source, field: Field) -> tuple[list[int], bool]:
    """TensorShapeProto: a message for each dimension."""
    sizes, unknown = [], False
    for one in walk(source.read, field.start, field.end):
        if (one.number, one.wire) == (2, BYTES):
            values = [part.value for part in walk(source.read, one.start, one.end) if part.number == 1]
            sizes.append(_signed(values[-1]) if values else 0)
        unknown = unknown or (one.number == 3 and one.value != 0)
    return sizes, unknown


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
