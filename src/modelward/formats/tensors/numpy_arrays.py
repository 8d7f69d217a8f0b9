"""The arrays of .npy and .npz files. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"""

from __future__ import annotations

import re
from collections.abc import Iterable

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.npy import NpyFacts, Value, read_npy
from modelward.formats.source import Budget, Slice
from modelward.formats.tensors.model import MOST_TENSORS, Checkpoint, LeftOut, Refusal, Storage, View, packed, view
from modelward.formats.torch.layout import OddFile, sound
from modelward.formats.zip import ZipFacts, open_member

_TYPE = re.compile(r"([<>|=])?(\?|[biufc])([0-9]{0,2})")
_DTYPES = {
    "?": "BOOL", "b1": "BOOL", "i1": "I8", "u1": "U8", "i2": "I16", "u2": "U16", "f2": "F16", "i4": "I32",
    "u4": "U32", "f4": "F32", "i8": "I64", "u8": "U64", "f8": "F64", "c8": "C64",
}  # fmt: skip
_SWAPS = {"C64": 4}


def read_arrays(source: Source, facts: ZipFacts, limits: Limits) -> Checkpoint:
    """Those of an .npz, by their names without .npy. Raises Refusal, and OddFile."""
    budget = Budget(limits.expanded_bytes)
    found: dict[str, View | LeftOut] = {}
    for member in sound(facts).members:
        opened = open_member(source, member, limits, budget)
        if isinstance(opened, str):
            raise OddFile(f"{member.name[:200]}: {opened}")
        name = member.name.removesuffix(".npy")
        if name in found or name in ("", "__metadata__") or "\\" in name:
            raise Refusal(f"the array {name[:200]!r} has a name that safetensors cannot have, or another has it too")
        is_array = member.name.endswith(".npy")
        found[name] = (
            _array(opened, member.at, name, limits) if is_array else LeftOut(member.name, "a member that is no array")
        )
    return _checkpoint(found.items())


def read_array(source: Source, limits: Limits) -> Checkpoint:
    """The one of an .npy, which has no name there: it gets "array"."""
    return _checkpoint([("array", _array(source, 0, "array", limits))])


def _checkpoint(found: Iterable[tuple[str, View | LeftOut]]) -> Checkpoint:
    tensors = {name: each for name, each in sorted(found) if isinstance(each, View)}
    left = tuple(each for _, each in found if isinstance(each, LeftOut))
    if not 0 < len(tensors) <= MOST_TENSORS:
        raise Refusal("there is no array in it that safetensors can carry" if not tensors else "too many arrays")
    return Checkpoint(tensors, left)


def _array(source: Source, at: int, name: str, limits: Limits) -> View | LeftOut:
    facts = read_npy(source, limits)
    if facts.has_objects:
        raise Refusal(f"the array {name[:200]!r} holds Python objects: only a pickle can say what they are")
    if facts.problems or facts.gaps or facts.shape is None or facts.data_size is None:
        why = [*(problem.message for problem in facts.problems), *(gap.why for gap in facts.gaps), "not readable"]
        raise Refusal(f"the array {name[:200]!r}: {why[0]}")
    if facts.data_at + facts.data_size != source.size:
        raise Refusal(f"bytes follow the array {name[:200]!r}")
    return _view(source, at, name, facts, facts.shape)


def _view(source: Source, at: int, name: str, facts: NpyFacts, shape: tuple[int, ...]) -> View | LeftOut:
    dtype, is_big = _dtype(facts.descr)
    if dtype is None:
        return LeftOut(name, f"an array of the type {str(facts.descr)[:100]}, which safetensors does not have")
    width = 1 if dtype in ("BOOL", "I8", "U8") else int(dtype[1:]) // 8
    storage = Storage(
        Slice(source, facts.data_at, facts.data_size or 0),
        at + facts.data_at,
        _SWAPS.get(dtype, width) if is_big else 1,
    )
    strides = packed(shape[::-1])[::-1] if facts.fortran_order else packed(shape)
    return view(storage, dtype, shape, 0, strides)


def _dtype(descr: Value | None) -> tuple[str | None, bool]:
    found = _TYPE.fullmatch(descr) if isinstance(descr, str) else None
    return (_DTYPES.get(found[2] + found[3]), found[1] == ">") if found else (None, False)
