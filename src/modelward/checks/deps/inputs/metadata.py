"""The core metadata of a distribution: https://packaging.python.org/en/latest/specifications/core-metadata/"""

from __future__ import annotations

import re
from typing import NamedTuple

from modelward.core.dependency import canonical_name
from modelward.core.errors import Malformed

_FIELD = re.compile(r"([A-Za-z][A-Za-z-]*):[ \t]*(.*)")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_OPTIONAL = re.compile(r"\bextra\s*==")


class Metadata(NamedTuple):
    name: str
    """As canonical_name gives it."""
    version: str
    line: int
    """Of the name."""
    requires: tuple[str, ...]
    """Without what only an extra needs."""


def read(text: str) -> Metadata:
    """Raises Malformed for what has not one name and one version: readers would disagree on what it is."""
    found: dict[str, list[tuple[int, str]]] = {"name": [], "version": [], "requires-dist": []}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if not line:
            break  # the description follows
        field = _FIELD.match(line)
        if field and field[1].lower() in found:
            found[field[1].lower()].append((number, field[2].strip()))
    if len(found["name"]) != 1 or len(found["version"]) != 1:
        raise Malformed("METADATA must have one Name and one Version")
    line_of_name, name = found["name"][0]
    version = found["version"][0][1]
    if not _NAME.fullmatch(name) or not version:
        raise Malformed("METADATA has a Name or a Version that no package can have")
    wanted = (_NAME.match(text) for _, text in found["requires-dist"] if not _OPTIONAL.search(text))
    requires = tuple(dict.fromkeys(canonical_name(match[0]) for match in wanted if match))
    return Metadata(canonical_name(name), version, line_of_name, requires)
