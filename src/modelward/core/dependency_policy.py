"""What a policy asks of dependencies, beyond what is said of them in any case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from modelward.core.finding import Finding

IGNORABLE = "package-vulnerable"
"""The rule whose findings a policy can accept by an advisory: a hostile package is never ignored."""


@dataclass(frozen=True, slots=True)
class IndexRule:
    """Packages of these names come from this index, and from no other."""

    url: str
    names: tuple[str, ...]
    """Canonical names; ``*`` stands for any letters."""

    def holds(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.names)


@dataclass(frozen=True, slots=True)
class Ignore:
    """An advisory that is accepted, by any of its ids, through the day *expires* (UTC)."""

    advisory: str
    expires: date
    reason: str
    package: str = ""
    """Its canonical name; empty for every package."""


@dataclass(frozen=True, slots=True)
class DependencyPolicy:
    max_age: int | None = None
    """Days since the youngest advisory was modified, after which the database is too old to rely on."""
    cool_down: int | None = None
    """Days that a release must have been public before it is taken."""
    mirrors: tuple[str, ...] = ()
    """Indexes that carry the public packages that the advisories are about."""
    indexes: tuple[IndexRule, ...] = ()
    ignores: tuple[Ignore, ...] = ()


def accepted(finding: Finding, ignores: Iterable[Ignore], day: date) -> Ignore | None:
    """The first of *ignores* that holds on *day* for what *finding* says of a package."""
    if finding.rule.id != IGNORABLE:
        return None
    facts = dict(finding.evidence)
    ids = {facts.get("advisory", ""), *facts.get("aliases", "").split(", ")} - {""}
    return next(
        (
            ignore
            for ignore in ignores
            if ignore.advisory in ids and ignore.package in ("", facts.get("package")) and day <= ignore.expires
        ),
        None,
    )
