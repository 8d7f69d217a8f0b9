"""What an audit of dependencies found, ready to be reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from modelward.core.advisory import Advisory, Affected
from modelward.core.dependency import Bundled, Package
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Severity
from modelward.core.project import Project
from modelward.core.source_audit import Spotted


class Feed(NamedTuple):
    """One of the sources that a database was made from."""

    name: str
    origin: str
    digest: str
    newest: str
    """When the youngest of its records was modified, RFC 3339; empty where none says so."""
    records: int


class DatabaseFacts(NamedTuple):
    """Which advisories an audit could know of."""

    digest: str
    """Of the records, whatever the order and the file that they came in."""
    newest: str
    """When the youngest record was modified, RFC 3339; empty where none says so."""
    records: int
    feeds: tuple[Feed, ...] = ()
    indexes: frozenset[str] = frozenset()
    """Hosts of the indexes that the records are about, as the records themselves say."""
    unread: int = 0
    """Records that could not be read."""


class Advisories(Protocol):
    """A database of advisories, as those who match need it."""

    @property
    def facts(self) -> DatabaseFacts: ...

    def affected(self, names: frozenset[str]) -> Mapping[str, list[Affected]]: ...

    def advisories(self, ids: frozenset[str]) -> Mapping[str, Advisory]: ...

    def projects(self, names: frozenset[str]) -> Mapping[str, Project]: ...


class Looked(NamedTuple):
    """One package, and whether everything that the database has was held against it."""

    package: Package
    status: Literal["matched", "unknown"]
    why: str = ""
    """Why it is unknown. What is unknown may have advisories all the same."""
    advisories: tuple[str, ...] = ()
    """Ids of the records that it is affected by."""


class Ignored(NamedTuple):
    """A finding that the policy accepts until a day, for a reason."""

    spotted: Spotted
    until: str
    reason: str


class Flags(NamedTuple):
    """Which findings make an audit fail."""

    severity: Severity
    rules: frozenset[str] = frozenset()
    """Those that do so whatever their severity."""

    def hold(self, said: Finding) -> bool:
        return said.severity >= self.severity or said.rule.id in self.rules


@dataclass(frozen=True, slots=True)
class DependencyAudit:
    """Findings and gaps are in the order of severity and place."""

    packages: tuple[Looked, ...]
    findings: tuple[Spotted, ...]
    unexamined: tuple[Spotted, ...]
    database: DatabaseFacts | None
    inputs: tuple[tuple[str, Digest], ...] = ()
    """Each file that was read, and its sha256."""
    ignored: tuple[Ignored, ...] = ()
    notes: tuple[str, ...] = ()
    """What the answer rests on and a reader should know: nothing that decides."""
    bundled: tuple[Bundled, ...] = ()
    """What packages say was built into them, and no feed is about."""
    excluded: tuple[tuple[str, int], ...] = ()
    """Each pattern of files that were left out, and how many it left out."""
    approved: tuple[tuple[str, Digest], ...] = ()
    """The wheels that others were compared with, which are not judged."""

    @property
    def matched(self) -> int:
        return sum(one.status == "matched" for one in self.packages)

    def exit_code(self, flags: Flags) -> int:
        """1 for findings that they hold, else 3 for whatever could not be looked up."""
        if any(isinstance(one.said, Finding) and flags.hold(one.said) for one in self.findings):
            return 1
        return 3 if self.unexamined or self.matched < len(self.packages) else 0
