"""Whether an advisory is about a version: https://ossf.github.io/osv-schema/#evaluation

Two things are read otherwise than the schema's pseudocode says, so that unknown is never "not affected": versions
that PEP 440 does not order, and entries that say nothing that can be compared, are unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from modelward.checks.deps.versions import parsed, public
from modelward.core.advisory import FROM_THE_FIRST, Affected, Event

if TYPE_CHECKING:
    from packaging.version import Version

Outcome: TypeAlias = Literal["affected", "not", "unknown"]

_ORDER = {"introduced": 0, "fixed": 1, "last_affected": 2}


def match(package_version: str, affected: Affected) -> Outcome:
    """The union of the ranges and the listed versions. Pre-releases count. A version with a local part (2.5.1+cu121)
    is also what its public part is, where the advisory names no local part."""
    version = parsed(package_version)
    if package_version in affected.versions or any(map(_is_every, affected.ranges)):
        return "affected"
    if version is None:
        return "unknown"
    if _is_listed(version, affected.versions):
        return "affected"
    outcomes = {_walk(version, events) for events in affected.ranges}
    if "affected" in outcomes:
        return "affected"
    return "unknown" if affected.unread or "unknown" in outcomes else "not"


def _is_every(events: Sequence[Event]) -> bool:
    return bool(events) and all(event == FROM_THE_FIRST for event in events)


def _is_listed(version: Version, listed: Sequence[str]) -> bool:
    either = (version, public(version))
    # to parse hundreds of versions takes long: what is equal to this one has its numbers in it, however it is written
    number = max(map(str, version.release), key=len)
    return any(parsed(each) in either for each in [each for each in listed if number in each])


def _walk(version: Version, events: Sequence[Event]) -> Outcome:
    """The state after the last event that *version* has reached."""
    ordered: list[tuple[Version, int, str]] = []
    is_affected = False
    for event in events:
        kind, at = event.kind, parsed(event.version)
        if event == FROM_THE_FIRST:
            is_affected = True
        elif at is None:
            return "unknown"
        else:
            ordered.append((at, _ORDER[kind], kind))
    introduced, before = None, False
    for at, _, kind in sorted(ordered):
        own = version if at.local else public(version)
        if own < at:
            break
        if kind == "introduced":
            introduced, before, is_affected = at, is_affected, True
        elif kind == "fixed":
            # at the version that introduces it: nothing, or the end of one stretch where the next begins
            is_affected = before and at == introduced
        elif own > at:
            is_affected = False
    return "affected" if is_affected else "not"
