"""The input side of a comparison, whatever format it has."""

from __future__ import annotations

from modelward.checks.build.expected import Content, Expected, Unequal, torch_content
from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.npy import read_npy
from modelward.formats.sniff import sniff
from modelward.formats.source import Budget, Slice
from modelward.formats.torch.layout import is_torch_zip, read_torch
from modelward.formats.zip import open_member, read_zip

_KINDS = {
    "b1": "BOOL", "?": "BOOL", "i1": "I8", "u1": "U8", "i2": "I16", "u2": "U16", "f2": "F16", "i4": "I32", "u4": "U32",
    "f4": "F32", "i8": "I64", "u8": "U64", "f8": "F64", "c8": "C64",
}  # fmt: skip
"""By what numpy calls it, without the byte order."""


def content_of(source: Source, limits: Limits) -> Content:
    """Raises Unequal, and OddFile for what torch did not lay out."""
    kinds = sniff(source)
    if "npy" in kinds:
        return _arrays({"array": source}, limits)
    if "hdf5" in kinds:
        from modelward.checks.build.keras_inputs import weights_content

        return weights_content(source, limits)
    if "zip" not in kinds:
        return torch_content(read_torch(source, "pickle" if "pickle" in kinds else "tar", limits))
    facts = read_zip(source, limits)
    if is_torch_zip(facts):
        return torch_content(read_torch(source, "zip", limits))
    members = {member.name: member for member in facts.members}
    budget = Budget(limits.expanded_bytes)
    opened = {name: open_member(source, member, limits, budget) for name, member in members.items()}
    if "model.weights.h5" in opened:
        from modelward.checks.build.keras_inputs import weights_content

        return weights_content(_bytes(opened["model.weights.h5"]), limits)
    arrays = {name[:-4]: _bytes(each) for name, each in opened.items() if name.endswith(".npy")}
    return _arrays(arrays, limits)


def _bytes(opened: Source | str) -> Source:
    if isinstance(opened, str):
        raise Unequal(f"a member of the input cannot be read: {opened}")
    return opened


def _arrays(sources: dict[str, Source], limits: Limits) -> Content:
    content = Content()
    for name, source in sources.items():
        facts = read_npy(source, limits)
        descr, shape = facts.descr, facts.shape
        kind = _KINDS.get(descr.lstrip("<>|=")) if isinstance(descr, str) else None
        if kind is None or not isinstance(descr, str) or shape is None:
            content.others.add(name)
            continue
        width = int(descr.lstrip("<>|=?b") or "1") if kind == "BOOL" else int(descr.lstrip("<>|=iufc"))
        order = shape if facts.fortran_order else shape[::-1]
        steps = [1]
        for count in order:
            steps.append(steps[-1] * max(count, 1))
        strides = tuple(steps[:-1] if facts.fortran_order else steps[-2::-1])
        turned = (width // 2 if kind == "C64" else width) if descr.startswith(">") else 1
        data = Slice(source, facts.data_at, facts.data_size or 0)
        content.tensors[name] = Expected(kind, width, shape, 0, strides, data, turned)
    return content
