"""The elements of an expected tensor as bytes, row after row and little-endian: the comparator's own walk over strides.

It goes through the storage in the order of its addresses, where the converter goes by the shape of the output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Literal

from modelward.checks.build.expected import Expected, Unequal
from modelward.formats.zip_records import Window

_PIECE = 4 << 20
_SLAB = 96 << 20
"""Bytes of the output that are brought together at once, where elements lie apart."""
_READ = 1 << 20
_CODES: Mapping[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}


def elements(tensor: Expected) -> Iterator[bytes]:
    """Raises Unequal where the storage ends early."""
    if prod(tensor.shape):
        for piece in _rows(tensor, tensor.shape, tensor.strides, tensor.offset):
            yield _turned(piece, tensor.turned)


def _rows(tensor: Expected, shape: tuple[int, ...], strides: tuple[int, ...], first: int) -> Iterator[bytes]:
    """The elements from index *first* on, as *shape* and *strides* walk them."""
    if _is_run(shape, strides):
        start, end = first * tensor.width, (first + prod(shape)) * tensor.width
        for at in range(start, end, _PIECE):
            yield _exactly(tensor.source.read(at, min(_PIECE, end - at)), min(_PIECE, end - at))
        return
    row = prod(shape[1:]) * tensor.width
    if row > _SLAB:
        for index in range(shape[0]):
            yield from _rows(tensor, shape[1:], strides[1:], first + index * strides[0])
        return
    step = max(_SLAB // row, 1)
    for index in range(0, shape[0], step):
        slab = memoryview(_slab(tensor, (min(step, shape[0] - index), *shape[1:]), strides, first + index * strides[0]))
        for at in range(0, len(slab), _PIECE):
            yield slab[at : at + _PIECE].tobytes()


def _is_run(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    wanted = 1
    for count, stride in zip(reversed(shape), reversed(strides), strict=True):
        if count > 1 and stride != wanted:
            return False
        wanted *= count
    return True


def _slab(tensor: Expected, shape: tuple[int, ...], strides: tuple[int, ...], first: int) -> bytearray:
    """In the order of addresses, one run along the axis of the smallest stride after the other."""
    out, code, width = bytearray(prod(shape) * tensor.width), _CODES[tensor.width], tensor.width
    target, window = memoryview(out).cast(code), Window(tensor.source, _READ)
    axes = sorted(
        (strides[n], shape[n], prod(shape[n + 1 :])) for n in range(len(shape)) if shape[n] > 1 or len(shape) == 1
    )
    (stride, count, gap), outer = axes[0], axes[:0:-1]
    size = ((count - 1) * stride + 1) * width
    for place in product(*(range(axis[1]) for axis in outer)):
        at = first + sum(n * axis[0] for n, axis in zip(place, outer, strict=True))
        to = sum(n * axis[2] for n, axis in zip(place, outer, strict=True))
        run = _exactly(window.read(at * width, size), size)
        found = memoryview(run if stride else run * count).cast(code)
        target[to : to + (count - 1) * gap + 1 : gap] = found[:: stride or 1]
    return out


def _exactly(found: bytes, size: int) -> bytes:
    if len(found) != size:
        raise Unequal("a storage of the input ends before its tensors")
    return found


def _turned(piece: bytes, unit: int) -> bytes:
    """Each *unit* bytes in reverse."""
    if unit == 1:
        return piece
    out = bytearray(len(piece))
    for n in range(unit):
        out[n::unit] = piece[unit - 1 - n :: unit]
    return bytes(out)
