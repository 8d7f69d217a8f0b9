"""What advisories say of packages: the versions they name, merged where several records mean one flaw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from modelward.checks.deps import aliases, remedies
from modelward.checks.deps.matching import match
from modelward.checks.deps.rules import MALICIOUS, rated
from modelward.core.advisory import Advisory, Affected
from modelward.core.dependency import Package
from modelward.core.finding import Finding, Location, Severity

_SHOWN = 5
"""Ids named in a message; all are in the evidence."""


class Hits(NamedTuple):
    """The rows that name a package, by what they say of its version."""

    affected: tuple[Affected, ...] = ()
    unknown: tuple[tuple[Affected, str], ...] = ()
    """Those that cannot be held against it, and why."""


def hits(package: Package, rows: Sequence[Affected]) -> Hits:
    affected, unknown = [], []
    for row in rows:
        said = match(package.version, row) if package.version else "unknown"
        if said == "affected":
            affected.append(row)
        elif said == "unknown":
            unknown.append((row, _why(package, row)))
    return Hits(tuple(affected), tuple(unknown))


def _why(package: Package, row: Affected) -> str:
    if not package.version:
        return f"{row.id} names versions of it, and nothing fixes its version"
    return f"{row.id} cannot be compared with version {package.version}" + (f": {row.unread}" if row.unread else "")


def findings(
    package: Package,
    found: Hits,
    rows: Sequence[Affected],
    known: Mapping[str, Advisory],
    releases: Sequence[str] = (),
) -> Iterator[Finding]:
    """One for each flaw. *rows* is everything that names the package, *releases* are versions that there are, if that
    is known. Raises KeyError for a row of *found* whose advisory is not among *known*."""
    groups = aliases.merged([known[id] for id in {row.id for row in found.affected}])
    if not groups:
        return
    clear = remedies.smallest_clear(package.version, rows, releases)
    for group in groups:
        ids = {one.id for one in group}
        fixed = remedies.smallest_clear(package.version, [row for row in rows if row.id in ids], releases)
        yield _finding(package, group, fixed, clear)


def _finding(package: Package, group: Sequence[Advisory], fixed: str | None, clear: str | None) -> Finding:
    first, others = group[0], sorted({id for one in group for id in one.ids} - {group[0].id})
    named = f"{package.name} {package.version}"
    facts = [("package", package.name), ("version", package.version), ("advisory", first.id)]
    facts += [("aliases", ", ".join(others))] if others else []
    summary = next((one.summary for one in group if one.summary), "")
    if any(one.is_malicious for one in group):
        message = f"{named} is hostile: {first.id}{f', {summary}' if summary else ''}"
        return Finding(MALICIOUS, Location(None), message, tuple(facts))
    severity, score = _rating(group)
    facts += [("score", score)] if score else []
    exploited = min((one.exploited for one in group if one.exploited), default="")
    facts += [("exploited", exploited)] if exploited else []
    chances = [one.epss for one in group if one.epss is not None]
    facts += [("epss", f"{max(chances):.3f}")] if chances else []
    facts += [("fixed", fixed)] if fixed else []
    facts += [("clear", clear)] if clear else []
    ids = ", ".join([first.id, *others][:_SHOWN])
    text = f"{named} has {ids}{f': {summary}' if summary else ''}"
    text += f"; fixed in {fixed}" if fixed else "; no fixed version is known"
    text += f" ({clear} clears all that is known)" if clear and clear != fixed else ""
    return Finding(rated(severity), Location(None), text, tuple(facts))


def _rating(group: Iterable[Advisory]) -> tuple[Severity, str]:
    """The gravest of what the records say; what nobody has rated is not low."""
    if any(one.exploited for one in group):
        return Severity.CRITICAL, "known to be exploited"
    best = max((one for one in group if one.severity is not None), key=lambda one: one.severity or 0, default=None)
    return (Severity.HIGH, "") if best is None or best.severity is None else (best.severity, best.score)
