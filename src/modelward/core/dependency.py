"""Packages as locks, environments and wheels name them: what somebody wants installed, or has."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal, NamedTuple

from modelward.core.finding import Unexamined
from modelward.core.source_audit import Spot

_SEPARATORS = re.compile(r"[-_.]+")


def canonical_name(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return _SEPARATORS.sub("-", name).lower()


class Origin(NamedTuple):
    """Where a package comes from. *url* never holds a password."""

    kind: Literal["index", "url", "vcs", "path", "unstated", "unread"]
    """*index*: one that is named. *unstated*: whatever index the installer is set to. *unread*: what says it is not
    understood."""
    url: str = ""


class Hash(NamedTuple):
    algorithm: str
    value: str
    """Lower-case hexadecimal."""


class DistFile(NamedTuple):
    """One wheel or source distribution that a lock allows."""

    name: str
    """The last part of its address."""
    url: str = ""
    hashes: tuple[Hash, ...] = ()
    size: int | None = None
    uploaded: datetime | None = None
    """None where nothing says so: never a guess."""


class Package(NamedTuple):
    name: str
    """As canonical_name gives it."""
    version: str
    """As it is written; empty where nothing fixes it to one."""
    at: Spot
    """The line that names it, in the file that says so."""
    origin: Origin
    specifier: str = ""
    """What is demanded where *version* is empty, as it is written."""
    hashes: tuple[Hash, ...] = ()
    """Any one of which a file must have; empty where files have their own, or nothing does."""
    files: tuple[DistFile, ...] = ()
    requires: tuple[str, ...] = ()
    """Names of the packages that it depends on, as far as the document says."""
    marker: str = ""
    """The environments it is for, as it is written."""
    is_installed: bool = False
    """Whether it is what lies there, so that no pin is expected of it."""

    @property
    def is_hashed(self) -> bool:
        return bool(self.hashes) or (bool(self.files) and all(file.hashes for file in self.files))


class Bundled(NamedTuple):
    """A library that was built into a package, as its SBOM says, and that no feed here is about."""

    name: str
    version: str
    """Empty where nothing says so."""
    purl: str
    """Empty where nothing says so: https://github.com/package-url/purl-spec"""
    file: str
    """The SBOM, escaped by canonical.escape_bytes."""


class Gap(NamedTuple):
    """A place of a document that could not be understood, or that something is missing at."""

    at: Spot
    said: Unexamined


class Graph(NamedTuple):
    """All that some documents name, in the order of the places. A package may occur more than once."""

    packages: tuple[Package, ...] = ()
    gaps: tuple[Gap, ...] = ()
    indexes: tuple[tuple[Spot, str], ...] = ()
    """Indexes that requirements files name beside the one that the installer is set to, without passwords: each of them
    for every file with packages that may come from it."""
