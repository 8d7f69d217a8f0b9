"""Names of wheels and source distributions.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-format
https://packaging.python.org/en/latest/specifications/source-distribution-format/#source-distribution-file-name
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from modelward.checks.deps.versions import parsed
from modelward.core.dependency import canonical_name

ARCHIVES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".txz", ".tbz", ".tar", ".tar.lz", ".tlz", ".tar.lzma")
"""Source distributions as pip takes them, beside wheels."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"v?[0-9][A-Za-z0-9.!+_-]*")


class Named(NamedTuple):
    name: str
    """As canonical_name gives it."""
    version: str


def is_distribution(file: str) -> bool:
    return file.lower().endswith((".whl", *ARCHIVES))


def parse(file: str) -> Named | None:
    """What the name of the file says; None for what is not the name of a wheel or a source distribution."""
    if file.lower().endswith(".whl"):
        parts = file[: -len(".whl")].split("-")
        if len(parts) not in (5, 6):
            return None
        return _named(parts[0], parts[1].replace("_", "-"))
    for ending in ARCHIVES:
        if file.lower().endswith(ending):
            name, dash, version = file[: -len(ending)].rpartition("-")
            return _named(name, version) if dash else None
    return None


def _named(name: str, version: str) -> Named | None:
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        return None
    return Named(canonical_name(name), version)


def last_part(address: str) -> str:
    """The name of the file at a URL or path."""
    path = re.split(r"[?#]", address, maxsplit=1)[0]
    return unquote(re.split(r"[/\\]", path.rstrip("/"))[-1])


def is_same_version(one: str, other: str) -> bool:
    """Whether both are the same release by PEP 440: `1.0` and `1.0.0` are."""
    if one.lower() == other.lower():
        return True
    first = parsed(one)
    return first is not None and first == parsed(other)
