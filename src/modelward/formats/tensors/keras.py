"""The weights of Keras: .keras archives, and HDF5 files with a model or with weights alone.

https://keras.io/guides/serialization_and_saving. Numbers alone are carried over: the architecture is said to be left
out, and what it would run was judged by the scan.
"""

from __future__ import annotations

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.hdf5.arrays import Array, read_arrays
from modelward.formats.hdf5.facts import ExternalLink, ExternalStorage, Gap, Text, VirtualDataset
from modelward.formats.source import Budget
from modelward.formats.tensors.model import MOST_TENSORS, Checkpoint, LeftOut, Refusal, Storage, View, view
from modelward.formats.torch.layout import OddFile, part, sound
from modelward.formats.zip import ZipFacts, open_member
from modelward.formats.zip_data import STORED

WEIGHTS = "model.weights.h5"
_DTYPES = {
    "b1": "BOOL", "i1": "I8", "u1": "U8", "i2": "I16", "u2": "U16", "f2": "F16", "bf2": "BF16", "i4": "I32",
    "u4": "U32", "f4": "F32", "i8": "I64", "u8": "U64", "f8": "F64",
}  # fmt: skip


def read_keras(source: Source, facts: ZipFacts, limits: Limits) -> Checkpoint:
    """Raises Refusal, and OddFile."""
    others = []
    found: Checkpoint | None = None
    for member in sound(facts).members:
        if member.name == WEIGHTS:
            opened = open_member(source, member, limits, Budget(limits.expanded_bytes))
            if isinstance(opened, str):
                raise OddFile(f"{WEIGHTS}: {opened}")
            found = read_weights(opened, limits, member.at if member.method == STORED else 0)
        elif not member.name.endswith("/"):
            others.append(LeftOut(member.name, "a member of the archive: the architecture, or what it needs"))
    if found is None:
        raise Refusal(f"there is no {WEIGHTS} in it")
    return Checkpoint(found.tensors, (*others, *found.left_out))


def read_weights(source: Source, limits: Limits, at: int = 0) -> Checkpoint:
    """*at* is where *source* begins in the file. Raises Refusal, and OddFile."""
    tensors: dict[str, View] = {}
    left: list[LeftOut] = []
    for each in read_arrays(source, limits):
        match each:
            case Array():
                name = each.where.removeprefix("/")
                found = _tensor(source, each, at)
                if isinstance(found, View):
                    tensors[name] = found
                else:
                    left.append(LeftOut(name, found))
            case Gap():
                raise Refusal(f"a part of the HDF5 file cannot be read: {each.why}")
            case ExternalLink() | ExternalStorage() | VirtualDataset():
                raise Refusal(f"{each.where[:200]} lies in another file")
            case Text(where, str() as attribute, _, _, _):
                left.append(LeftOut(where.removeprefix("/"), f"the attribute {attribute[:200]}"))
    if not 0 < len(tensors) <= MOST_TENSORS or "__metadata__" in tensors:
        raise Refusal("there are no datasets in it that safetensors can carry, or too many")
    return Checkpoint(tensors, tuple(dict.fromkeys(left)))


def _tensor(source: Source, array: Array, base: int) -> View | str:
    dtype = _DTYPES.get(array.kind)
    if dtype is None:
        return "a dataset of other elements than numbers"
    if array.at is None:
        return "a dataset that is empty, compressed or in chunks"
    swap = int(array.kind.lstrip("biuf")) if array.is_big_endian else 1
    numbers = part(source, array.at, array.size, f"the dataset {array.where[:200]}")
    return view(Storage(numbers, base + array.at, swap), dtype, array.shape, 0)
