"""The datasets of an HDF5 file, as the comparator expects them."""

from __future__ import annotations

from modelward.checks.build.expected import Content, Expected, Unequal
from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.hdf5.arrays import Array, read_arrays
from modelward.formats.hdf5.facts import Gap
from modelward.formats.source import Slice

_NAMES = {"b": "BOOL", "i": "I", "u": "U", "f": "F", "bf": "BF"}


def weights_content(source: Source, limits: Limits) -> Content:
    """Raises Unequal for a file of which a part cannot be read."""
    content = Content()
    for each in read_arrays(source, limits):
        if isinstance(each, Gap):
            raise Unequal(f"a part of the HDF5 file cannot be read: {each.why}")
        if isinstance(each, Array):
            _enter(content, source, each)
    return content


def _enter(content: Content, source: Source, array: Array) -> None:
    name = array.where[1:]
    letters = array.kind.rstrip("0123456789")
    if not array.kind or array.at is None:
        content.others.add(name)
        return
    width = int(array.kind[len(letters) :])
    dtype = _NAMES[letters] if letters == "b" else f"{_NAMES[letters]}{8 * width}"
    steps = [1]
    for count in array.shape[:0:-1]:
        steps.insert(0, steps[0] * count)
    strides = tuple(steps) if array.shape else ()
    data = Slice(source, array.at, array.size)
    content.tensors[name] = Expected(dtype, width, array.shape, 0, strides, data, width if array.is_big_endian else 1)
