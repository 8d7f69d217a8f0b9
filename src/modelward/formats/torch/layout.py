"""Which bytes of a torch file are its pickle and which its storages: the facts, without a tensor.

https://docs.pytorch.org/docs/stable/notes/serialization.html,
https://github.com/pytorch/pytorch/blob/v2.13.0/torch/serialization.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from modelward.core.artifact import Source
from modelward.core.canonical import escape_bytes
from modelward.core.limits import Limits
from modelward.formats.source import Budget, Slice
from modelward.formats.zip import Member, ZipFacts, open_member, read_zip

ITEM_SIZES: Mapping[str, int] = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8,
    "IntStorage": 4, "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1,
    "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16, "QInt8Storage": 1, "QUInt8Storage": 1,
    "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1, "UntypedStorage": 1,
}  # fmt: skip
"""Bytes of one element by storage class."""

MOST_OBJECTS = 2_000_000
"""Live values of a pickle of which all are kept: some 100 bytes each."""


class OddFile(Exception):
    """Not laid out as torch does it; says in one line what is wrong."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A storage as the file has it."""

    kind: str | None
    """The storage class; None where only the pickle says it."""
    source: Source
    at: int
    """Where it begins in the file, or in the member that holds it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A tensor that the file describes outside its pickle, as tars do. Offset and strides in elements."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TorchFile:
    pickle: Source
    at: int
    """Where the stream of the object begins."""
    storages: Mapping[str, Stored]
    """By their escaped keys."""
    is_big_endian: bool = False
    placed: Mapping[str, Placed] = field(default_factory=dict)
    is_tar: bool = False

    def storage(self, key: str) -> Stored | None:
        return self.storages.get(escaped(key))


def escaped(key: str) -> str:
    """A text of the pickle as names of members are written here."""
    return escape_bytes(key.encode("utf-8", "surrogatepass"))


def read_torch(source: Source, kind: str, limits: Limits) -> TorchFile:
    """*kind* is what sniff calls it: zip, pickle or tar. Raises OddFile."""
    if kind == "zip":
        return read_torch_zip(source, read_zip(source, limits), limits)
    from modelward.formats.torch.streams import read_legacy, read_torch_tar

    return read_torch_tar(source, limits) if kind == "tar" else read_legacy(source)


def is_torch_zip(facts: ZipFacts) -> bool:
    return any(member.name.endswith("/data.pkl") for member in facts.members)


def sound(facts: ZipFacts) -> ZipFacts:
    """Raises OddFile for an archive that two readers may read in two ways: nothing could be proved of it."""
    if facts.anomalies:
        raise OddFile(f"the archive is ambiguous: {facts.anomalies[0].detail}")
    if facts.gaps:
        raise OddFile(f"the archive could not be read: {facts.gaps[0].why}")
    return facts


def read_torch_zip(source: Source, facts: ZipFacts, limits: Limits) -> TorchFile:
    budget = Budget(limits.expanded_bytes)
    members = {member.name: member for member in sound(facts).members}
    roots = [name.removesuffix("data.pkl") for name in members if name.endswith("/data.pkl")]
    if len(roots) != 1 or not all(name.startswith(roots[0]) for name in members):
        raise OddFile("the archive has no data.pkl in its one folder, as those of torch do")
    root = roots[0]
    if f"{root}constants.pkl" in members or any(name.startswith(f"{root}code/") for name in members):
        raise OddFile("a TorchScript program: save its state_dict in the program that made it")

    def opened(member: Member) -> Source:
        found = open_member(source, member, limits, budget)
        if isinstance(found, str):
            raise OddFile(f"{member.name[:200]}: {found}")
        return found

    order = members.get(f"{root}byteorder")
    word = opened(order).read(0, 16) if order else b"little"
    if word not in (b"little", b"big"):
        raise OddFile("its byteorder is neither little nor big")
    folder = f"{root}data/"
    stored = {
        name.removeprefix(folder): Stored(None, opened(each), each.at)
        for name, each in members.items()
        if name.startswith(folder)
    }
    return TorchFile(opened(members[f"{root}data.pkl"]), 0, stored, word == b"big")


def part(source: Source, at: int, size: int, what: str) -> Slice:
    """Bytes that must all be there. Raises OddFile."""
    if at < 0 or size < 0 or at + size > source.size:
        raise OddFile(f"{what} reaches beyond the end of the file")
    return Slice(source, at, size)
