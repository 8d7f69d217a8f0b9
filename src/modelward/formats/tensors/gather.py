"""The bytes of a tensor in the order that safetensors wants: row after row, little-endian, within bounded memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Literal

from modelward.core.artifact import Source
from modelward.core.errors import ReadError
from modelward.formats.tensors.model import View

_PIECE = 4 << 20
_CHUNK = 48 << 20
"""Of the output, where elements have to be brought together from afar."""
_WINDOW = 32 << 20
"""Of the storage that they are picked from."""
_CODES: Mapping[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


def pieces(tensor: View) -> Iterator[bytes | bytearray]:
    """All bytes of *tensor*. Raises ReadError where the storage ends early."""
    source, swap = tensor.storage.source, tensor.storage.swap
    axes = _axes(tensor)
    if not tensor.size:
        return
    found = _in_order(source, tensor) if _is_packed(axes, tensor.width) else _picked(source, tensor, axes)
    for piece in found:
        yield piece if swap == 1 else _swapped(piece, swap)


def runs(tensor: View) -> int:
    """How many pieces it takes to bring *tensor* together: what it costs, beside its size."""
    axes = _axes(tensor)
    if _is_packed(axes, tensor.width) or not tensor.size:
        return 1
    return prod(axis.count for axis in axes) // max(axis.count for axis in axes)


@dataclass(frozen=True, slots=True)
class _Axis:
    count: int
    step: int
    """Bytes in the storage from one element to the next."""
    out: int
    """And in the output."""


def _axes(tensor: View) -> list[_Axis]:
    """From the outermost inwards, as few as say the same."""
    axes: list[_Axis] = []
    out = tensor.width
    for count, step in zip(reversed(tensor.shape), reversed(tensor.strides), strict=True):
        if axes and axes[-1].step * axes[-1].count == step:
            axes[-1] = replace(axes[-1], count=axes[-1].count * count)
        elif count != 1:
            axes.append(_Axis(count, step, out))
        out *= count
    return axes[::-1]


def _is_packed(axes: Sequence[_Axis], width: int) -> bool:
    return not axes or (len(axes) == 1 and axes[0].step == width)


def _in_order(source: Source, tensor: View) -> Iterator[bytes]:
    at, end = tensor.offset, tensor.offset + tensor.size
    while at < end:
        yield (piece := _read(source, at, min(_PIECE, end - at)))
        at += len(piece)


def _read(source: Source, at: int, size: int) -> bytes:
    found = source.read(at, size)
    if len(found) < size:
        raise ReadError("a storage ends before its tensors")
    return found


def _picked(source: Source, tensor: View, axes: Sequence[_Axis]) -> Iterator[bytearray]:
    """One slab of the outermost axes after the other."""
    first, *inner = axes
    size = prod(axis.count for axis in inner) * tensor.width
    if size > _CHUNK:
        for index in range(first.count):
            part = replace(tensor, offset=tensor.offset + index * first.step)
            yield from _picked(source, part, inner)
        return
    rows = max(1, _CHUNK // size)
    for index in range(0, first.count, rows):
        slab = replace(first, count=min(rows, first.count - index))
        out = bytearray(slab.count * size)
        _fill(memoryview(out), 0, source, tensor.offset + index * first.step, [slab, *inner], tensor.width)
        yield out


def _fill(out: memoryview, at: int, source: Source, base: int, axes: Sequence[_Axis], width: int) -> None:
    """By halves of what reaches farthest, until all of a part lies within one window."""
    extent = sum((axis.count - 1) * axis.step for axis in axes) + width
    if extent <= _WINDOW:
        _scatter(out, at, _read(source, base, extent), axes, width)
        return
    far = max(range(len(axes)), key=lambda n: (axes[n].count - 1) * axes[n].step)
    axis, half = axes[far], axes[far].count // 2
    for start, count in ((0, half), (half, axis.count - half)):
        part = [*axes[:far], replace(axis, count=count), *axes[far + 1 :]]
        _fill(out, at + start * axis.out, source, base + start * axis.step, part, width)


def _scatter(out: memoryview, at: int, data: bytes, axes: Sequence[_Axis], width: int) -> None:
    """The longest axis at once, the others one by one."""
    code = _CODES[width]
    target, found = out.cast(code), memoryview(data).cast(code)
    rest = sorted(axes, key=lambda axis: axis.count)
    run = rest.pop()
    step, gap = run.step // width, run.out // width
    for place in product(*(range(axis.count) for axis in rest)):
        here = sum(n * axis.step for n, axis in zip(place, rest, strict=True)) // width
        there = (at + sum(n * axis.out for n, axis in zip(place, rest, strict=True))) // width
        picked = found[here : here + (run.count - 1) * step + 1 : step or 1]
        if not step:
            picked = memoryview(picked.tobytes() * run.count).cast(code)
        target[there : there + (run.count - 1) * gap + 1 : gap] = picked


def _swapped(piece: bytes | bytearray, swap: int) -> bytes:
    numbers = array(_CODES[swap], piece)
    numbers.byteswap()
    return numbers.tobytes()
