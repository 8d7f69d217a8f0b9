"""PyTorch files: the zip archive of torch.save and TorchScript, and the legacy stream.

https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from modelward.checks.scan.examine_pickle import Streams, rest
from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.rules_pickle import CODE_FORMAT
from modelward.checks.scan.rules_zip import nested_members, zip_findings
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.pickle.render import render
from modelward.formats.pickle.values import Global, List, Persistent
from modelward.formats.source import Slice
from modelward.formats.zip import Member, ZipFacts, open_member, read_zip

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_STREAMS = 5  # magic, protocol, system, object, storage keys
_MOST_STORAGES = 100_000
_MOST_CODE = 16 << 20

# Bytes for one element by storage class; what is missing here is not checked.
_ITEM_SIZES = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8,
    "IntStorage": 4, "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1,
    "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16, "QInt8Storage": 1, "QUInt8Storage": 1,
    "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1, "UntypedStorage": 1,
}  # fmt: skip

# TorchScript is a language of its own, but these operators of it open files.
_FILE_OPERATORS = re.compile(
    rb"\b(?:ops\.aten|aten|torch)\s*\.\s*(save|from_file)\s*\("
    rb"|\bops\.(?:image|torchvision|torchaudio)\.\w*(?:read|write|load|save)\w*"
)
_FOREIGN_OPERATORS = re.compile(
    rb"\bops\.(?!aten\b|prim\b|prims\b|quantized\b|torch\b|image\b|torchvision\b)(\w+)\.(\w+)"
)

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
    Severity.MEDIUM,
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

    def persistent(self, value: Persistent, at: int) -> Iterator[Said]:
        """('storage', class, key, location, numel[, view]), or ('module', …) in legacy files."""
        match value.pid:
            case ("storage", Global() as kind, str() as key, _, int() as count, *_) if count >= 0:
                if len(self.sizes) < _MOST_STORAGES:
                    size = _ITEM_SIZES.get(kind.name.rpartition(".")[2])
                    self.items[key] = size
                    self.sizes[key] = None if size is None else size * count
            case ("module", Global() as kind, *_):
                value.note = kind  # legacy files: the class itself, with its source beside it
            case _ if not self.complained:
                self.complained = True
                message = f"the persistent id {render(value.pid)} is none that torch writes"
                yield self.here.finding(ODD_PERSISTENT_ID, message, at)


def examine_zip(source: Source, here: Here) -> Iterator[Said]:
    """Any zip. It is a torch archive if it has data.pkl in its root folder: then <name>.pkl there is
    judged together with the storages in <name>/, which are raw numbers."""
    facts = read_zip(source, here.limits)
    yield from zip_findings(facts, here)
    root = torch_root(facts)
    if root is None:
        yield from nested_members(source, facts, here)
        return
    yield here.finding(CODE_FORMAT, "a torch archive is loaded through pickle")
    pickles = [member for member in facts.members if _stem(member.name, root) is not None]
    raw: set[str] = set()
    for member in pickles:
        storages = Storages(here)
        yield from _examine_pickle(source, member, here, storages)
        folder = f"{root}{_stem(member.name, root)}/"
        yield from _check_sizes(facts, folder, storages)
        raw.update(folder + key for key in storages.sizes)
    judged = {member.name for member in pickles}
    for said in nested_members(source, facts, here, lambda member: member.name in raw):
        if not isinstance(said, Nested) or said.name not in judged:
            yield said
        if isinstance(said, Nested) and said.name.startswith(f"{root}code/"):
            yield from _torchscript(said, here)


def torch_root(facts: ZipFacts) -> str | None:
    """The folder of data.pkl, with its slash; torch takes the one that the first member is in."""
    roots = [name.removesuffix("data.pkl") for name in (m.name for m in facts.members) if name.endswith("/data.pkl")]
    return min(roots, key=len, default=None)


def _stem(name: str, root: str) -> str | None:
    stem = name.removeprefix(root).removesuffix(".pkl")
    return stem if name == f"{root}{stem}.pkl" and "/" not in stem else None


def _examine_pickle(source: Source, member: Member, here: Here, storages: Storages) -> Iterator[Said]:
    opened = open_member(source, member, here.limits, here.budget)
    if isinstance(opened, str):
        return  # nested_members says so
    inner = storages.here = here.into(member.name)
    streams = Streams(opened, inner, storages.persistent)
    yield from streams.run()
    yield from rest(streams)


def _check_sizes(facts: ZipFacts, folder: str, storages: Storages) -> Iterator[Said]:
    members = {member.name: member for member in facts.members}
    for key, size in storages.sizes.items():
        member = members.get(folder + key)
        if member is None:
            yield storages.here.finding(STORAGE_MISSING, f"the storage {render(key)} is not in the archive")
        elif size is not None and member.size != size and (member.size or not folder.endswith("/traced_inputs/")):
            message = f"the storage {render(key)} has {member.size:,} bytes, the pickle says {size:,}"
            yield storages.here.finding(STORAGE_SIZE, message)


def _torchscript(code: Nested, here: Here) -> Iterator[Said]:
    text = code.source.read(0, _MOST_CODE)
    if code.source.read(_MOST_CODE, 1):
        yield here.into(code.name).unexamined(f"more than {_MOST_CODE:,} bytes of code", _MOST_CODE)
    for rule, pattern in ((FILE_OPERATOR, _FILE_OPERATORS), (FOREIGN_OPERATOR, _FOREIGN_OPERATORS)):
        for match in pattern.finditer(text):
            line = text[text.rfind(b"\n", 0, match.start()) + 1 :].partition(b"\n")[0].strip()
            does = line.decode("utf-8", "backslashreplace")[:200]
            operator = match[0].decode().rstrip("( ")
            message = f"the code calls {operator}"
            yield here.into(code.name).finding(rule, message, match.start(), match.end(), does=does)


def examine_pickle_file(source: Source, here: Here) -> Iterator[Said]:
    """A bare pickle, or torch's legacy stream: five pickles, then the storages.

    https://github.com/pytorch/pytorch/blob/main/torch/serialization.py _legacy_save
    """
    yield here.finding(CODE_FORMAT, "a pickle can carry code")
    plain = Streams(source, here)
    first = list(plain.run(1))
    if plain.results[:1] != [LEGACY_MAGIC]:
        yield from first
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


RULES: tuple[Rule, ...] = (STORAGE_SIZE, STORAGE_MISSING, ODD_PERSISTENT_ID, FILE_OPERATOR, FOREIGN_OPERATOR)
