"""What environments and wheelhouses have in common: what is found in a place where packages lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from modelward.core.artifact import Blob
from modelward.core.dependency import Bundled, Gap, Package
from modelward.core.source_audit import Spotted
from modelward.stores.tree import excluder

if TYPE_CHECKING:
    from modelward.checks.deps.inputs.installed import FileFact

MOST = 64 << 20
"""Bytes of a text in a .dist-info folder."""
DO_READ = "make it readable, and run again"


class Place(NamedTuple):
    packages: tuple[Package, ...]
    gaps: tuple[Gap, ...]
    facts: tuple[FileFact, ...] = ()
    files: Mapping[str, Blob] = {}
    """What was read of it, by the names that people know."""
    is_wheelhouse: bool = False
    found: tuple[Spotted, ...] = ()
    """What is wrong with the files themselves."""
    copies: tuple[Package, ...] = ()
    """Packages that were built into others."""
    bundled: tuple[Bundled, ...] = ()


class Exclusion:
    """What --exclude leaves out, and how much each of its patterns did. Raises UsageError for an empty pattern."""

    def __init__(self, globs: Sequence[str] = ()) -> None:
        self._tests = [(glob, excluder([glob])) for glob in dict.fromkeys(globs)]
        self._left_out: dict[str, set[str]] = {glob: set() for glob, _ in self._tests}

    def __call__(self, path: str, of: str) -> bool:
        """Whether the file at *path*, relative to the target, is left out. *of* is the target, for the count."""
        for glob, matches in self._tests:
            if matches(path):
                self._left_out[glob].add(f"{of}/{path}")
                return True
        return False

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """Each pattern, with the number of files that it left out."""
        return tuple((glob, len(paths)) for glob, paths in self._left_out.items())


class Built(NamedTuple):
    """What the SBOMs of a place say that was built into the packages there."""

    copies: list[Package]
    bundled: list[Bundled]
    gaps: list[Gap]

    @classmethod
    def nothing(cls) -> Built:
        return cls([], [], [])

    def add(self, files: Iterable[tuple[str, bytes]], owner: Package | None) -> None:
        from modelward.checks.deps.inputs import sbom

        for file, raw in files:
            found = sbom.read(raw, file, owner)
            self.copies.extend(found.packages)
            self.bundled.extend(found.others)
            self.gaps.extend(found.gaps)
