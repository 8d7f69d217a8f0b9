"""Any shape, offset and strides: what is written is what a tensor is by definition, and the comparator agrees."""

from __future__ import annotations

import struct
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.checks.build import elements as theirs
from modelward.checks.build.expected import Expected
from modelward.formats.source import BytesSource
from modelward.formats.tensors import gather
from modelward.formats.tensors.model import Refusal, Storage, view

NUMBERS = 600
WIDTHS = {"U8": 1, "F16": 2, "F32": 4, "F64": 8, "C64": 8}


def one_by_one(data: bytes, width: int, shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> bytes:
    """What a tensor is by definition."""
    places = (sum(n * step for n, step in zip(index, strides, strict=True)) for index in product(*map(range, shape)))
    return b"".join(data[(offset + at) * width : (offset + at + 1) * width] for at in places)


shapes = st.lists(st.integers(0, 6), max_size=4).map(tuple)


@settings(max_examples=300, deadline=None)
@given(st.data(), shapes, st.sampled_from(sorted(WIDTHS)), st.integers(0, 40), st.booleans())
def test_any_view(data: st.DataObject, shape: tuple[int, ...], dtype: str, offset: int, small: bool) -> None:
    width = WIDTHS[dtype]
    strides = data.draw(st.lists(st.integers(0, 30), min_size=len(shape), max_size=len(shape)).map(tuple))
    source = BytesSource(b"".join(struct.pack("<Q", 7 * n)[:width] for n in range(NUMBERS)))
    before = gather._CHUNK, gather._WINDOW, theirs._SLAB, theirs._PIECE
    if small:  # so that what is large for them is small for a test
        gather._CHUNK, gather._WINDOW, theirs._SLAB, theirs._PIECE = 64, 32, 48, 16
    try:
        found = b"".join(gather.pieces(view(Storage(source, 0), dtype, shape, offset, strides)))
        again = b"".join(theirs.elements(Expected(dtype, width, shape, offset, strides, source)))
    except Refusal:
        assert offset + sum(max(n - 1, 0) * step for n, step in zip(shape, strides, strict=True)) >= NUMBERS
        return
    finally:
        gather._CHUNK, gather._WINDOW, theirs._SLAB, theirs._PIECE = before
    assert found == again == one_by_one(source.read(0, source.size), width, shape, strides, offset)


@given(st.binary(min_size=16, max_size=64).map(lambda raw: raw[: len(raw) // 16 * 16]), st.sampled_from([2, 4, 8]))
def test_any_byte_order(raw: bytes, unit: int) -> None:
    turned = b"".join(raw[at : at + unit][::-1] for at in range(0, len(raw), unit))
    source = BytesSource(turned)
    shape = (len(raw) // 8,)
    assert b"".join(gather.pieces(view(Storage(source, 0, unit), "I64", shape, 0))) == raw
    assert b"".join(theirs.elements(Expected("I64", 8, shape, 0, (1,), source, unit))) == raw
