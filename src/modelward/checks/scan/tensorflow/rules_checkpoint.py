"""TensorFlow's checkpoints: the index says where each tensor lies in the files of data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.tensorflow_checkpoint import ELEMENT_BYTES, Header, Tensor, read_checkpoint

_SPEC = "https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto"

INVALID_ENTRY = Rule(
    "tensorflow-checkpoint-entry",
    Severity.MEDIUM,
    "an entry of a checkpoint does not describe a tensor",
    "A reader that trusts the entry reads past the data, or takes bytes of another tensor for this one.",
    "Do not use this checkpoint; get it again from its publisher.",
    ("CWE-125", "CWE-1284", _SPEC),
)

_MOST_TENSORS = 200_000
_MOST_DIMENSIONS = 254


def examine_checkpoint(source: Source, here: Here) -> Iterator[Said]:
    """Every entry, and all of them together. The tensors are in other files."""
    shards = 0
    last = ""
    places: list[tuple[int, int, int, Tensor]] = []
    for part in read_checkpoint(source):
        if isinstance(part, Header):
            shards = part.shards
        elif isinstance(part, Tensor):
            if why := _why(part, shards) or ("comes again" if part.name == last else ""):
                yield here.finding(INVALID_ENTRY, f"tensor {part.name!r} {why}", part.start, part.end)
            elif len(places) < _MOST_TENSORS:
                places.append((part.shard, part.offset, part.offset + part.size, part))
            last = part.name
        else:
            yield here.unexamined(part.why, min(part.at, source.size), source.size)
    yield from _overlaps(places, here)
    if len(places) == _MOST_TENSORS:
        yield here.unexamined("more tensors than are compared with one another")


def _why(tensor: Tensor, shards: int) -> str:
    """What is wrong with it; "" if nothing is."""
    if not 0 <= tensor.shard < max(shards, 1):
        return f"is in file {tensor.shard:,} of {shards:,}"
    if tensor.offset < 0 or tensor.size < 0 or tensor.offset + tensor.size >= 1 << 63:
        return f"has {tensor.size:,} bytes at {tensor.offset:,}"
    if tensor.shape is None or tensor.sliced:
        return ""
    if len(tensor.shape) > _MOST_DIMENSIONS or any(size < 0 for size in tensor.shape):
        return f"has the shape {list(tensor.shape[:9])}"
    element = ELEMENT_BYTES.get(tensor.dtype)
    if element and math.prod(tensor.shape) * element != tensor.size:
        return f"has {tensor.size:,} bytes, and its shape {list(tensor.shape)} needs another number"
    return ""


def _overlaps(places: list[tuple[int, int, int, Tensor]], here: Here) -> Iterator[Said]:
    places.sort(key=lambda place: place[:3])
    for (shard, _, end, one), (other_shard, start, other_end, other) in pairwise(places):
        if shard == other_shard and start < end and start < other_end:
            message = f"tensors {one.name!r} and {other.name!r} share bytes of file {shard:,}"
            yield here.finding(INVALID_ENTRY, message, other.start, other.end)


RULES: tuple[Rule, ...] = (INVALID_ENTRY,)
