"""A wheel as a package: https://packaging.python.org/en/latest/specifications/binary-distribution-format/"""

from __future__ import annotations

from typing import NamedTuple

from modelward.checks.deps.inputs import file_names, metadata
from modelward.checks.deps.inputs.said import gap
from modelward.core.artifact import Source
from modelward.core.dependency import Gap, Graph, Origin, Package
from modelward.core.errors import Malformed
from modelward.core.limits import Limits
from modelward.core.source_audit import Spot
from modelward.formats.source import Budget
from modelward.formats.zip import Member, crc_matches, open_member, read_zip

_MOST = 8 << 20
"""Bytes of METADATA; the longest descriptions have some hundred thousand."""
_SBOMS = "/sboms/"
"""https://peps.python.org/pep-0770/"""


class Wheel(NamedTuple):
    graph: Graph
    """One package, or a Gap that says why it is not known which."""
    sboms: tuple[str, ...] = ()
    """Members that say what was built into it."""


def read(source: Source, file: str, limits: Limits) -> Wheel:
    """What METADATA in it says, compared with the name of *file*. Raises what *source* raises."""
    facts = read_zip(source, limits)
    gaps = [gap(file, 1, f"the archive is damaged or cut off: {one.why}", "fetch it anew") for one in facts.gaps[:1]]
    names = [member.name for member in facts.members]
    try:
        package = _package(source, facts.members, file, limits)
    except Malformed as error:
        return Wheel(Graph(gaps=(*gaps, gap(file, 1, str(error), "fetch it anew"))))
    gaps += _disagreement(package, file)
    sboms = tuple(name for name in names if _SBOMS in name and ".dist-info/" in name and not name.endswith("/"))
    return Wheel(Graph((package,), tuple(gaps)), sboms)


def _package(source: Source, members: tuple[Member, ...], file: str, limits: Limits) -> Package:
    found = [
        member for member in members if member.name.endswith(".dist-info/METADATA") and member.name.count("/") == 1
    ]
    if len(found) != 1:
        raise Malformed(f"a wheel has one METADATA, this archive has {len(found):,}")
    opened = open_member(source, found[0], limits, Budget(_MOST))
    if isinstance(opened, str):
        raise Malformed(f"METADATA cannot be read: {opened}")
    raw = opened.read(0, _MOST)
    if len(raw) != found[0].size or not crc_matches(opened, found[0]):
        raise Malformed("METADATA is damaged or cut off, or longer than is read")
    said = metadata.read(raw)
    at = Spot(file, 1, 1)
    return Package(said.name, said.version, at, Origin("unstated"), requires=said.requires, is_installed=True)


def _disagreement(package: Package, file: str) -> list[Gap]:
    """Installers go by the name of the file, and index by METADATA."""
    named = file_names.parse(file_names.last_part(file))
    if named and named.name == package.name and file_names.is_same_version(named.version, package.version):
        return []
    why = f"METADATA says {package.name} {package.version}, and the file's name does not: installers go by either"
    return [gap(file, 1, why, "fetch it anew, under the name that its index gives it")]
