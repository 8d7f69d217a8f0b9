"""PyTorch: storages, and the legacy stream. The zip archives are in archive.py.

https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.pickle.examine import Streams, rest
from modelward.checks.scan.pickle.rules_pickle import CODE_FORMAT
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.pickle.render import render
from modelward.formats.pickle.values import Global, List, Persistent
from modelward.formats.source import Slice

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_STREAMS = 5  # magic, protocol, system, object, storage keys
_MOST_OF_MAGIC = 100  # words on the first of them, a number: one of which more can be said is none of torch's
_MOST_STORAGES = 100_000

# Bytes for one element by storage class; what is missing here is not checked.
_ITEM_SIZES = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8,
    "IntStorage": 4, "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1,
    "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16, "QInt8Storage": 1, "QUInt8Storage": 1,
    "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1, "UntypedStorage": 1,
}  # fmt: skip

_ADVISORY = "https://nvd.nist.gov/vuln/detail/CVE-2026-24747"

STORAGE_SIZE = Rule(
    "torch-storage-size",
    Severity.MEDIUM,
    "a storage is not as large as the pickle says",
    "Tensors are views into the storage by offset and stride; over one that is too small they read or write "
    "memory that is not theirs.",
    "Do not load it; get it again from its publisher.",
    ("CVE-2026-24747", "CWE-125", "CWE-787", _ADVISORY),
)
STORAGE_MISSING = Rule(
    "torch-storage-missing",
    Severity.MEDIUM,
    "the pickle names a storage that is not in the archive",
    "The file is incomplete or was put together by hand; loaders disagree on what to do.",
    "Get it again from its publisher.",
    ("CWE-20",),
)
ODD_PERSISTENT_ID = Rule(
    "torch-odd-persistent-id",
    Severity.LOW,
    "a persistent id is none that torch writes",
    "torch.load turns persistent ids into storages. Another shape is refused by it, and means that another "
    "program is meant to load the file.",
    "Find out which program is meant to load it.",
    ("CWE-502",),
)
FILE_OPERATOR = Rule(
    "torchscript-file-operator",
    Severity.HIGH,
    "the TorchScript code reads or writes files",
    "Operators like aten::save and aten::from_file open any path with the rights of whoever runs the model.",
    "Do not run it outside a sandbox.",
    ("CWE-73", "AML.T0011.000", "https://github.com/pytorch/pytorch/blob/main/SECURITY.md"),
)
INDIRECT_OPERATOR = Rule(
    "torchscript-indirect-operator",
    Severity.HIGH,
    "the TorchScript code uses an operator as a value",
    "torch writes operators as calls by their full name. Under another name, or through getattr, the code hides which "
    "one it calls, those that write files among them.",
    "Do not run it outside a sandbox.",
    ("CWE-73", "CWE-693", "AML.T0011.000", "https://github.com/pytorch/pytorch/blob/main/SECURITY.md"),
)
FOREIGN_OPERATOR = Rule(
    "torchscript-foreign-operator",
    Severity.LOW,
    "the TorchScript code calls operators of an extension",
    "What they do is decided by a native library that has to be loaded first.",
    "Check which library registers them.",
    ("CWE-829", "AML.T0011.000"),
)


@dataclass(slots=True)
class Storages:
    """The persistent ids of one torch file, checked and remembered."""

    here: Here
    sizes: dict[str, int | None] = field(default_factory=dict)
    """Bytes by key; None where the storage class is not known."""
    items: dict[str, int | None] = field(default_factory=dict)
    """Bytes for one element by key."""
    complained: bool = False
    is_full: bool = False

    def persistent(self, value: Persistent, at: int) -> Iterator[Said]:
        """('storage', class, key, location, numel[, view]), or ('module', …) in legacy files."""
        match value.pid:
            case ("storage", Global() as kind, str() as key, _, int() as count, *_) if count >= 0:
                item = _ITEM_SIZES.get(kind.name.rpartition(".")[2])
                size = None if item is None else item * count
                if self.sizes.get(key, size) != size:
                    message = f"the storage {render(key)} is given two sizes"
                    yield self.here.finding(STORAGE_SIZE, message, at)
                elif key in self.sizes or len(self.sizes) < _MOST_STORAGES:
                    self.items[key], self.sizes[key] = item, size
                elif not self.is_full:
                    self.is_full = True
                    why = f"more than {_MOST_STORAGES:,} storages; the sizes of those from here on were not compared"
                    yield self.here.unexamined(why, at)
            case ("module", Global() as kind, *_):
                value.note = kind  # legacy files: the class itself, with its source beside it
            case _ if not self.complained:
                self.complained = True
                message = f"the persistent id {render(value.pid)} is none that torch writes"
                yield self.here.finding(ODD_PERSISTENT_ID, message, at)
                yield self.here.unexamined("what a loader makes of this persistent id is not known", at)


def examine_pickle_file(source: Source, here: Here) -> Iterator[Said]:
    """A bare pickle, or torch's legacy stream: five pickles, then the storages.

    https://github.com/pytorch/pytorch/blob/main/torch/serialization.py _legacy_save
    """
    yield here.finding(CODE_FORMAT, "a pickle can carry code")
    plain = Streams(source, here)
    said = plain.run(1)
    first = list(islice(said, _MOST_OF_MAGIC))
    if plain.results[:1] != [LEGACY_MAGIC]:
        yield from first
        yield from said
        yield from plain.run()
        yield from rest(plain)
        return
    storages = Storages(here)
    streams = Streams(source, here, storages.persistent)
    yield from streams.run(_LEGACY_STREAMS)
    keys = streams.results[4] if len(streams.results) == _LEGACY_STREAMS else None
    if not isinstance(keys, List):
        yield from rest(streams)
        return
    yield from _legacy_storages(source, here, storages, streams.at)


def _legacy_storages(source: Source, here: Here, storages: Storages, at: int) -> Iterator[Said]:
    """In the order of their sorted keys: a count of elements, and that many."""
    for key, size in sorted(storages.sizes.items()):
        count = int.from_bytes(source.read(at, 8), "little")
        item = storages.items.get(key)
        if item is None:
            yield here.unexamined(f"the storage {render(key)} is of a kind that is not known", at)
            return
        if count * item != size:
            message = f"the storage {render(key)} has {count * item:,} bytes, the pickle says {size:,}"
            yield here.finding(STORAGE_SIZE, message, at, at + 8)
        at += 8 + count * item
    left = source.size - at
    if left < 0:
        yield here.unexamined("the file ends inside its storages", source.size, do="download it again")
    elif left:
        yield here.unexamined("bytes after the last storage", at, source.size)
        yield Nested(f"<bytes from {at}>", Slice(source, at, left), raw=True)


RULES: tuple[Rule, ...] = (
    STORAGE_SIZE,
    STORAGE_MISSING,
    ODD_PERSISTENT_ID,
    FILE_OPERATOR,
    INDIRECT_OPERATOR,
    FOREIGN_OPERATOR,
)
