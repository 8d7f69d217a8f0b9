"""What a checkpoint holds, as far as safetensors can carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from modelward.core.artifact import Source
from modelward.formats.safetensors import BITS

MOST_TENSORS = 40_000
"""More make a header that is longer than what is parsed (safetensors.MAX_VALUES), so that nothing could be proved."""

MOST_DIMENSIONS = 64
_MOST_BYTES = 1 << 53


class Refusal(Exception):
    """The file is not converted, for a reason in one line."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of numbers."""

    source: Source
    at: int
    """Where it begins in its file; no two storages begin at one place, unless they are empty."""
    swap: int = 1
    """Bytes that stand in reverse, as a machine with another byte order wrote them: 1 for none."""


@dataclass(frozen=True, slots=True)
class View:
    """One tensor: elements of a storage. Every element lies within the storage; offset and strides are in bytes."""

    storage: Storage
    dtype: str
    """As safetensors calls it."""
    shape: tuple[int, ...]
    offset: int
    strides: tuple[int, ...]

    @property
    def width(self) -> int:
        return BITS[self.dtype] // 8

    @property
    def size(self) -> int:
        return prod(self.shape) * self.width


def view(
    storage: Storage, dtype: str, shape: tuple[int, ...], offset: int, strides: tuple[int, ...] | None = None
) -> View:
    """*offset* and *strides* in elements; without strides, one element after the other. Raises Refusal for what
    reaches beyond the storage: a loader would read memory that is not the file's (CVE-2026-24747)."""
    width = BITS[dtype] // 8
    strides = packed(shape) if strides is None else strides
    numbers = (*shape, *strides, offset)
    if len(shape) != len(strides) or len(shape) > MOST_DIMENSIONS or any(not 0 <= n < _MOST_BYTES for n in numbers):
        raise Refusal("a tensor has a shape, strides or an offset that no tensor has")
    count = prod(shape)
    reach = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True)) + 1 if count else offset
    if reach * width > storage.source.size or count * width >= _MOST_BYTES:
        raise Refusal(
            f"a tensor of shape {list(shape)} reaches {reach * width:,} bytes into a storage "
            f"of {storage.source.size:,} bytes"
        )
    return View(storage, dtype, shape, offset * width, tuple(step * width for step in strides))


def packed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of elements that stand one after the other, the last dimension closest."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that safetensors cannot carry: where it stands in the checkpoint, and what it is."""

    path: str
    what: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    tensors: Mapping[str, View]
    left_out: tuple[LeftOut, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Texts for the output's header."""

    @property
    def size(self) -> int:
        return sum(tensor.size for tensor in self.tensors.values())

    @property
    def shared(self) -> tuple[tuple[str, ...], ...]:
        """Names of tensors that are the same elements of one storage: in safetensors each has its own."""
        same: dict[object, list[str]] = {}
        for name, tensor in self.tensors.items():
            if tensor.size:
                same.setdefault((tensor.storage.at, tensor.offset, tensor.strides, tensor.shape), []).append(name)
        return tuple(tuple(sorted(names)) for names in same.values() if len(names) > 1)


def join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
