"""What NVIDIA software a host has, as texts say it: outputs of tools, lists of packages, an inventory.

What a text is, its content says. Nothing is run and nothing is imported: who wants a host audited brings the texts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from modelward.checks.deps.nvidia import cuda
from modelward.checks.deps.nvidia.components import COMPONENTS, SYSTEMS, System, system_of
from modelward.checks.deps.nvidia.version_text import Known, exactly, series, version
from modelward.core.dependency import Gap, Origin, Package, canonical_name
from modelward.core.finding import Location, Unexamined
from modelward.core.source_audit import Spot

LARGEST = 8 << 20
_MOST_LINES = 100_000
_LONGEST = 2_000  # of a line
SCHEMA = "modelward/host/1"
PART = "the part of the CUDA Toolkit that the flaw is in is one that these packages bring"


class Fact(NamedTuple):
    component: str
    """A key of COMPONENTS."""
    version: str
    """For people."""
    known: Known
    at: Spot
    system: System | None = None
    product: str = ""
    """Which of a bulletin's products it is, where that is known."""
    part: str = ""
    """A condition that holds for all of it, since only a part of the component is there."""


class Read(NamedTuple):
    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    is_understood: bool = True
    """Whether anything in it says which NVIDIA software is there, or that none is."""


class _Said(NamedTuple):
    component: str
    text: str
    known: Known | None = None
    """Where it is not simply the version that the text is."""
    system: System | None = None
    part: str = ""


_INVENTORY = re.compile(rf'^schema\s*=\s*["\']{SCHEMA}["\']', re.MULTILINE)
_KERNEL = re.compile(r"NVRM version:.*?\s([0-9]{3}\.[0-9.]+)(?:\s|$)")
_SMI = re.compile(r"(?:\bDriver Version\s*:\s*|<driver_version>)([0-9]{3}\.[0-9.]+)")
_CONTAINER = re.compile(r"(?:NVIDIA Container (?:Toolkit CLI|Runtime Hook|Runtime) version|cli-version:) v?(\S+)")
_COMPILER = re.compile(r"Cuda compilation tools, release ([0-9]+)\.([0-9]+)\b")
_TORCH = re.compile(r"cuda\s*(?::[^=]*)?=\s*(?:'([0-9]+)\.([0-9]+)[0-9.]*'|\"([0-9]+)\.([0-9]+)[0-9.]*\"|(None))\s*")
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+_-]+)(?:\s.*)?")
_DEB = re.compile(r"(?:[hi]i\s+)?([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9]+)?\s+(?:[0-9]+:)?([0-9][^\s/]*)(?:\s.*)?")
_RPM = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9+._-]+?)-(?:[0-9]+:)?([0-9][^-\s]*)-[^-\s]+\.(?:x86_64|aarch64|noarch|ppc64le|i686)"
)
_QUERIED = re.compile(r"[0-9]{3}\.[0-9.]+")
_PACKAGES = (
    (re.compile(r"nvidia-container-toolkit(?:-base)?"), "container-toolkit"),
    (re.compile(r"(?:nvidia-(?:driver|dkms|kernel-(?:dkms|common))|kmod-nvidia|libnvidia-compute)(?:-.*)?"), "driver"),
    (re.compile(r"cuda(?:-toolkit|-runtime|-libraries)?(?:-[0-9]+-[0-9]+)?"), "cuda"),
    (re.compile(r"cuda-cudart(?:-[0-9]+-[0-9]+)?"), "cudart"),
    (re.compile(r"nvidia-cuda-toolkit"), "cuda-series"),
    (re.compile(r"datacenter-gpu-manager"), "dcgm"),
    (re.compile(r"tensorrt"), "tensorrt"),
)  # fmt: skip


def read(raw: bytes, label: str) -> Read:
    """Everything that one text says."""
    text = raw.decode("utf-8", "replace")
    if _INVENTORY.search(text):
        return _inventory(text, label)
    facts, gaps, pins, understood = list[Fact](), list[Gap](), list[Package](), False
    system, is_query = _system(text), "driver_version" in text
    lines = text.splitlines()
    if len(lines) > _MOST_LINES:
        why = f"it has {len(lines):,} lines, and no more than {_MOST_LINES:,} are read"
        return Read((), (Gap(Spot(label, 1, 1), Unexamined(Location(None), why, "give the text of one tool alone")),))
    for number, line in enumerate(lines, 1):
        at, line = Spot(label, number, 1), line.strip()[:_LONGEST]
        if pin := _PINNED.fullmatch(line):
            pins.append(Package(canonical_name(pin[1]), pin[2], at, Origin("unstated")))
            continue
        for said in _line(line, is_query):
            understood = True
            fact = _fact(said, at, system)
            if isinstance(fact, Gap):
                gaps.append(fact)
            elif fact is not None:
                facts.append(fact)
    facts += of_packages(pins)
    return Read(_distinct(facts), tuple(gaps), understood or bool(facts))


def of_packages(packages: Iterable[Package]) -> tuple[Fact, ...]:
    """What the wheels in each lock, environment and wheelhouse say of CUDA: only those that are closest to it."""
    best: dict[str, tuple[int, list[Fact]]] = {}
    for package in packages:
        wheel = cuda.of_wheel(package.name, package.version)
        if wheel is None:
            continue
        fact = Fact("cuda", cuda.shown(wheel.known), wheel.known, package.at, part=PART)
        place = _place(package)
        rank, facts = best.setdefault(place, (wheel.rank, []))
        if wheel.rank < rank:
            best[place] = (wheel.rank, [fact])
        elif wheel.rank == rank:
            facts.append(fact)
    return _distinct(fact for _, facts in best.values() for fact in facts)


def _place(package: Package) -> str:
    """What is installed together lies in one folder, each in a file of its own."""
    if not package.is_installed:
        return package.at.file
    folder = PurePosixPath(package.at.file).parent
    return str(folder.parent if folder.suffix == ".dist-info" else folder)


def nothing(label: str) -> Gap:
    why = "nothing in it says which NVIDIA software is there"
    do = (
        "give /proc/driver/nvidia/version, the output of nvidia-smi or nvidia-ctk --version, a list of packages, or an "
        f'inventory: TOML with schema = "{SCHEMA}"'
    )
    return Gap(Spot(label, 1, 1), Unexamined(Location(None), why, do))


def _distinct(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The first that says it."""
    return tuple({fact._replace(at=Spot("", 1, 1)): fact for fact in reversed(list(facts))}.values())[::-1]


def _line(line: str, is_query: bool) -> Iterator[_Said]:
    if found := _KERNEL.search(line):
        yield _Said("driver", found[1], system="linux")
    elif (found := _SMI.search(line)) or (is_query and (found := _QUERIED.match(line))):
        yield _Said("driver", found[found.lastindex or 0])
    elif found := _CONTAINER.match(line):
        yield _Said("container-toolkit", found[1], system="linux")
    elif found := _COMPILER.search(line):
        yield _Said("cuda", f"{found[1]}.{found[2]}", series(int(found[1]), int(found[2])))
    elif found := _TORCH.fullmatch(line):
        numbers = [int(part) for part in found.groups()[:4] if part]
        yield _Said("cuda", "", series(*numbers) if numbers else None, part=PART)
    elif (found := _RPM.fullmatch(line)) or (found := _DEB.fullmatch(line)):
        yield from _package(found[1], found[2])


def _package(name: str, text: str) -> Iterator[_Said]:
    """Of a distribution, whose own revision follows the version of what is in it."""
    component = next((word for pattern, word in _PACKAGES if pattern.fullmatch(name)), None)
    if component is None:
        return
    upstream = re.sub(r"~(?=rc)", "-", re.sub(r"-[^-]*$", "", text))
    upstream = re.split(r"[+~]", upstream)[0]
    said = version(upstream)
    if component == "cudart" and said:
        yield _Said("cuda", upstream, cuda.of_runtime(said), "linux")
    elif component == "cuda-series" and said:
        yield _Said("cuda", upstream, cuda.of_part(said), "linux")
    else:
        yield _Said(component if component in COMPONENTS else "cuda", upstream, system="linux")


def _fact(said: _Said, at: Spot, system: System | None) -> Fact | Gap | None:
    known = said.known
    if known is None:
        if not said.text:  # a torch without CUDA
            return None
        exact = version(said.text)
        if exact is None:
            why = f"the version {said.text!r} of the {COMPONENTS[said.component]} is not understood"
            return Gap(at, Unexamined(Location(None), why, "name it in an inventory"))
        known = exactly(exact)
    shown = cuda.shown(known) if said.component == "cuda" else said.text
    where = said.system or system
    if said.component == "driver":
        where = where or system_of(known.low)
    return Fact(said.component, shown, known, at, where, part=said.part)


def _system(text: str) -> System | None:
    """Of the output of nvidia-smi, whose table has another column on each."""
    if "Persistence-M" in text:
        return "linux"
    return "windows" if re.search(r"\bWDDM\b|\bTCC/", text) else None


# -- the inventory


def _inventory(text: str, label: str) -> Read:
    """schema, system and a table for each component with version and, for a driver, product; nothing else."""
    try:
        body: dict[str, Any] = tomllib.loads(text)
        if body.pop("schema", None) != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        system = body.pop("system", None)
        if system is not None and system not in SYSTEMS:
            raise ValueError(f"system is {system!r}, and must be one of {', '.join(SYSTEMS)}")
        facts = tuple(_given(word, given, system, _line_of(text, word, label)) for word, given in body.items())
        if not facts:
            raise ValueError("it names no component")
    except (ValueError, RecursionError) as error:
        do = f"write a table for each component: {', '.join(COMPONENTS)}; in it version, and for a driver product"
        return Read((), (Gap(Spot(label, 1, 1), Unexamined(Location(None), f"the inventory is refused: {error}", do)),))
    return Read(facts)


def _given(word: str, given: Any, system: System | None, at: Spot) -> Fact:
    if word not in COMPONENTS:
        raise ValueError(f"{word!r} is no component")
    allowed = {"version", "product"} if word == "driver" else {"version"}
    if (
        not isinstance(given, dict)
        or not given.keys() <= allowed
        or not all(isinstance(v, str) for v in given.values())
    ):
        raise ValueError(f"[{word}] may have {' and '.join(sorted(allowed))}, which are texts")
    known = version(given.get("version", ""))
    if known is None:
        raise ValueError(f"[{word}] has no version that is understood")
    if word == "driver":
        system = system or system_of(known)
    return Fact(word, given["version"], exactly(known), at, system, given.get("product", ""))


def _line_of(text: str, word: str, label: str) -> Spot:
    lines = (number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(f"[{word}]"))
    return Spot(label, next(lines, 1), 1)
