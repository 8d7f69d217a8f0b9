"""Which files of a target hold the weights that are to be converted, and what each becomes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelward.core import canonical
from modelward.core.canonical import escape_bytes
from modelward.core.errors import Malformed, UsageError
from modelward.stores.files import read_named
from modelward.stores.tree import Entry, open_target

_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".npz", ".npy", ".h5", ".keras")
_INDEX = ".index.json"
_MOST_INDEX = 64 << 20
INDEX_NAME = "model.safetensors.index.json"
LONE_NAME = "model.safetensors"


@dataclass(frozen=True, slots=True)
class WeightFile:
    entry: Entry
    made: str
    """The name of what it becomes, "" where that is no folder."""


@dataclass(frozen=True, slots=True)
class Weights:
    label: str
    files: tuple[WeightFile, ...]
    index: Entry | None = None

    @property
    def is_tree(self) -> bool:
        return self.index is not None or any(each.made for each in self.files)


def find_weights(target: str) -> Weights:
    """A lone file; the shards that an index names, given by the index or its folder; or the one file of weights in
    a folder. Raises UsageError for a target of which that cannot be told, ReadError for one that cannot be read."""
    if not os.path.isdir(target):  # noqa: PTH112 (links and all)
        tree = open_target(target)
        if not target.endswith(_INDEX):
            return Weights(tree.label, (WeightFile(tree.entries[0], ""),))
        return _sharded(os.path.dirname(target) or ".", os.path.basename(target), tree.label)  # noqa: PTH119, PTH120
    tree = open_target(target)
    top = [entry for entry in tree.entries if "/" not in entry.path]
    indexes = [entry.path for entry in top if entry.path.endswith(_INDEX) and "safetensors" not in entry.path]
    if len(indexes) == 1:
        return _sharded(target, indexes[0], tree.label)
    weights = [entry for entry in top if entry.path.lower().endswith(_SUFFIXES)]
    if indexes or len(weights) != 1:
        found = ", ".join([*indexes, *(entry.path for entry in weights)][:5]) or "none"
        raise UsageError(f"{target!r} has several files of weights, or none ({found}): name the file, or its index")
    return Weights(tree.label, (WeightFile(weights[0], LONE_NAME),))


def _sharded(folder: str, name: str, label: str) -> Weights:
    entries = {entry.path: entry for entry in open_target(folder).entries}
    index = entries.get(name)
    if index is None:
        raise UsageError(f"{name!r} is not in {folder!r}")
    expected = weight_map(read_named(str(Path(folder, name)), "the index", _MOST_INDEX), name)
    shards = sorted(set(expected.values()))
    for shard in shards:
        if "/" in shard or shard not in entries:
            raise UsageError(f"{name!r} names the shard {shard[:200]!r}, which is not beside it")
    count = len(shards)
    files = (
        WeightFile(entries[shard], f"model-{number:05}-of-{count:05}.safetensors")
        for number, shard in enumerate(shards, 1)
    )
    return Weights(label, tuple(files), index)


def weight_map(raw: bytes, name: str) -> dict[str, str]:
    """The file of each tensor, by an index; its name is escaped. Raises UsageError."""
    try:
        body = canonical.decode(raw)
    except Malformed as error:
        raise UsageError(f"{name!r} is no index of shards: {error}") from error
    found = body.get("weight_map") if isinstance(body, dict) else None
    if not isinstance(found, dict) or not found or not all(isinstance(each, str) for each in found.values()):
        raise UsageError(f"{name!r} is no index of shards: it has no weight_map of names to files")
    return {tensor: escape_bytes(shard.encode()) for tensor, shard in found.items()}


def index_of(made: dict[str, str], size: int) -> bytes:
    """The index of the shards *made*: the file of each tensor, as transformers reads it."""
    body: dict[str, Any] = {"metadata": {"total_size": size}, "weight_map": dict(sorted(made.items()))}
    return json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"
