"""Entries of one document that contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product
from typing import TYPE_CHECKING, NamedTuple

from modelward.checks.deps.inputs.markers import can_both_hold
from modelward.checks.deps.inputs.said import gap
from modelward.checks.deps.versions import parsed
from modelward.core.dependency import Gap, Origin, Package

if TYPE_CHECKING:
    from packaging.version import Version

_MOST = 200
"""Pairs of one document whose markers are tried."""
_DO = "leave one of them, or give them markers that exclude each other"


def conflicts(packages: Iterable[Package]) -> Iterator[Gap]:
    """Two versions of one package, or two places that it comes from, that one environment would get."""
    by_name: dict[str, list[Package]] = {}
    for package in packages:
        by_name.setdefault(package.name, []).append(package)
    left = _MOST
    for name, found in by_name.items():
        for one, other in _rivals(found) if len(found) > 1 else ():
            if not left:
                why = "too many packages have several entries: whether these contradict each other was not tried"
                yield gap(other.at.file, other.at.line, why, _DO)
                return
            left -= 1
            if can_both_hold(one.marker, other.marker):
                before = f"line {one.at.line:,}" + (f" of {one.at.file}" if one.at.file != other.at.file else "")
                is_version = one.version and other.version and one.version != other.version
                differs = f"another version here, {other.version}," if is_version else "from another place here"
                why = f"{name} is {differs} than in {before}, and nothing says when which of them holds"
                yield gap(other.at.file, other.at.line, why, _DO)
                break


class _Release(NamedTuple):
    version: Version | str
    place: Origin | None
    """Of what comes from no index."""

    def excludes(self, other: _Release) -> bool:
        if self.version and other.version and self.version != other.version:
            return True
        return self.place is not None and other.place is not None and self.place != other.place


def _rivals(found: Iterable[Package]) -> Iterator[tuple[Package, Package]]:
    """Pairs that cannot both be meant, in the order of their places as far as that matters."""
    releases: dict[_Release, list[Package]] = {}
    for package in found:
        is_direct = package.origin.kind in ("url", "vcs", "path")
        if package.version or is_direct:
            place = package.origin if is_direct else None
            release = _Release(parsed(package.version) or package.version, place)
            releases.setdefault(release, []).append(package)
    for (one, some), (other, others) in combinations(releases.items(), 2):
        if one.excludes(other):
            yield from product(some, others)
