"""NVIDIA's software: what the packages and the texts of a host say of it, held against the bulletins of a database."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from modelward.core.artifact import Blob
from modelward.core.canonical import escape_bytes
from modelward.core.dependency import Package
from modelward.core.errors import ReadError
from modelward.core.finding import Location, Unexamined
from modelward.core.source_audit import Spot, Spotted

if TYPE_CHECKING:
    from modelward.checks.deps.nvidia.host import Fact
    from modelward.stores.advisories import Database

_NO_DATABASE = "there is no database of advisories to hold what the host has against"
_SYNC = "modelward advisories sync makes one, from github.com/NVIDIA/product-security too; name it with --database"


class Host(NamedTuple):
    said: tuple[Spotted, ...] = ()
    files: tuple[tuple[str, Blob], ...] = ()
    """Each text that was read."""
    notes: tuple[str, ...] = ()


def audit(paths: Sequence[str], packages: Sequence[Package], database: Database | None) -> Host:
    """*paths* name texts of the host. Nothing is said where there are none, and no package belongs to CUDA. Raises
    UsageError and ReadError for a path that cannot be read at all."""
    gpu = [package for package in packages if _may_be_cuda(package)]
    if not (paths or gpu):
        return Host()
    from modelward.checks.deps.nvidia import host

    facts, said, files = _texts(paths)
    wheels = host.of_packages(gpu)
    notes: tuple[str, ...] = ()
    if database is None and facts:
        said.append(Spotted(facts[0].at, Unexamined(Location(None), _NO_DATABASE, _SYNC)))
    elif database is not None and (facts or wheels):
        from modelward.checks.deps.nvidia import judge

        known = judge.bulletins(database.records("csaf"))
        if not (known.rows or known.unread or facts):
            notes = ("the database has no bulletins of NVIDIA: the CUDA Toolkit was not held against any",)
        else:
            said += judge.audit((*facts, *wheels), known)
    return Host(tuple(said), tuple(files.items()), notes)


def _may_be_cuda(package: Package) -> bool:
    """What is not is not worth the start-up."""
    return package.name.startswith(("nvidia-", "cuda-")) or "+cu" in package.version


def _texts(paths: Iterable[str]) -> tuple[list[Fact], list[Spotted], dict[str, Blob]]:
    from modelward.checks.deps.nvidia import host
    from modelward.stores.host_texts import texts

    facts, said, files = list["Fact"](), list[Spotted](), dict[str, Blob]()
    for path in dict.fromkeys(paths):
        is_understood = False
        label = _label(path)
        for name, read in texts(path, host.LARGEST):
            at = _label(name)
            if isinstance(read, ReadError):
                why = f"it cannot be read: {read}"
                said.append(Spotted(Spot(at, 1, 1), Unexamined(Location(None), why, "make it readable, and run again")))
                is_understood = True
                continue
            found = host.read(read.raw, at)
            files[at] = read.blob
            facts += found.facts
            said += (Spotted(*gap) for gap in found.gaps)
            is_understood = is_understood or found.is_understood
        if not is_understood:
            said.append(Spotted(*host.nothing(label)))
    return facts, said, files


def _label(path: str) -> str:
    return escape_bytes(os.fsencode(path))
