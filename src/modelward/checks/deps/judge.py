"""A graph of packages held against advisories and a policy: pure, so that an audit can be repeated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from modelward.checks.deps import (
    rules_advisories,
    rules_files,
    rules_freshness,
    rules_index,
    rules_names,
    rules_project,
)
from modelward.checks.deps.versions import parsed
from modelward.core.advisory import Advisory, Affected
from modelward.core.dependency import Graph, Package
from modelward.core.dependency_audit import Advisories, DependencyAudit, Ignored, Looked
from modelward.core.dependency_policy import DependencyPolicy, Ignore, accepted
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.project import Project
from modelward.core.source_audit import Spot, Spotted

_EMPTY = "the database has no advisory about a package"
_DO_INDEX = "name it with --mirror if it carries the public packages"
_DO_ELSEWHERE = "take it from an index that the advisories are about, or look it up by hand"
_NAMED = 3
_SYNC = "modelward advisories sync makes one; name it with --database"


def audit(
    graph: Graph,
    database: Advisories | None,
    settings: DependencyPolicy,
    now: datetime,
    *,
    more: Iterable[Spotted] = (),
    absent: str = "there is no database of advisories",
) -> DependencyAudit:
    """*more* is what was found of the files themselves, *absent* says why there is no database where there is none.
    Raises what the database raises."""
    judge = _Judge(graph, database, settings, now, absent)
    looked = [judge.package(package) for package in graph.packages]
    said = [*more, *judge.said, *judge.gaps(), *(Spotted(gap.at, gap.said) for gap in graph.gaps)]
    said += [*rules_freshness.ageless(judge.ageless), *judge.of_the_database()]
    accepted = {one: ignore for one in said if (ignore := _ignored(one, settings.ignores, now)) is not None}
    left = list(dict.fromkeys(one for one in said if one not in accepted))
    return DependencyAudit(
        tuple(looked),
        tuple(sorted((one for one in left if isinstance(one.said, Finding)), key=_order)),
        tuple(sorted((one for one in left if isinstance(one.said, Unexamined)), key=_order)),
        database.facts if database else None,
        (),
        tuple(Ignored(one, ignore.expires.isoformat(), ignore.reason) for one, ignore in accepted.items()),
        judge.covered.notes,
    )


class _Judge:
    def __init__(
        self, graph: Graph, database: Advisories | None, settings: DependencyPolicy, now: datetime, absent: str
    ) -> None:
        self._database = database
        self._absent = absent
        self._settings = settings
        self._now = now
        self.said: list[Spotted] = []
        self.ageless: list[Package] = []
        self._unknowns: dict[tuple[str, str, str], list[Package]] = {}
        self._indexes: dict[str, set[str]] = {}
        for at, url in graph.indexes:
            self._indexes.setdefault(at.file, set()).add(url)
        names = frozenset(package.name for package in graph.packages)
        self._locked = {_release(package) for package in graph.packages if not package.is_installed}
        self._rows: Mapping[str, list[Affected]] = database.affected(names) if database else {}
        hosts = database.facts.indexes if database else frozenset[str]()
        self.covered = rules_index.covered(
            graph, hosts, settings, frozenset(name for name in names if self._rows.get(name))
        )
        hits = {package: rules_advisories.hits(package, self._rows.get(package.name, ())) for package in graph.packages}
        self._hits = hits
        ids = frozenset(row.id for found in hits.values() for row in found.affected)
        self._known: Mapping[str, Advisory] = database.advisories(ids) if database and ids else {}
        self._projects: Mapping[str, Project] = database.projects(names) if database else {}

    def package(self, package: Package) -> Looked:
        found, others = self._hits[package], self._indexes.get(package.at.file, set())
        rows, project = self._rows.get(package.name, ()), self._projects.get(package.name)
        releases = tuple(rules_project.usable(project)) if project else ()
        self._say(package, rules_advisories.findings(package, found, rows, self._known, releases))
        self._say(package, rules_project.judge(package, project) if project else ())
        self._say(package, rules_files.pinning(package))
        self._say(package, rules_index.wrong_index(package, self._settings))
        self._say(package, rules_index.any_index(package, others, self._settings))
        self._say(package, rules_names.look_alikes(package))
        self._say(package, self._age(package, rows, project))
        ids = tuple(sorted({row.id for row in found.affected}))
        if package.origin.kind == "unread":  # its reader has said why
            return Looked(package, "unknown", "its entry could not be read", ids)
        why = self._unknown(package, others)
        if why is None:
            return Looked(package, "matched", "", ids)
        file = "" if package.is_installed else package.at.file
        self._unknowns.setdefault((file, *why), []).append(package)
        return Looked(package, "unknown", why[0], ids)

    def _age(self, package: Package, rows: Sequence[Affected], project: Project | None) -> Iterator[Finding]:
        days = self._settings.cool_down
        if (
            days is None
            or package.origin.kind == "unread"
            or (package.is_installed and _release(package) in self._locked)
        ):
            return
        time = rules_freshness.released(package, project)
        if time is None:
            self.ageless.append(package)
        else:
            yield from rules_freshness.too_new(package, time, rows, days, self._now)

    def gaps(self) -> Iterator[Spotted]:
        """One for all packages of a file, and one for all that are installed, that are unknown for the same reason."""
        for (_, why, do), packages in self._unknowns.items():
            names = ", ".join(package.name for package in packages[:_NAMED]) + (", …" if len(packages) > _NAMED else "")
            many = f"{len(packages):,} packages ({names})" if len(packages) > 1 else names
            yield Spotted(packages[0].at, Unexamined(Location(None), f"{many}: {why}", do))

    def _say(self, package: Package, findings: Iterable[Finding]) -> None:
        self.said += (Spotted(package.at, finding) for finding in findings)

    def _unknown(self, package: Package, others: Iterable[str]) -> tuple[str, str] | None:
        """Why not everything is known of it, and what to do."""
        if self._database is None:
            return self._absent, _SYNC
        if not self._database.facts.records:
            return _EMPTY, _SYNC
        if why := self.covered.why_not(package, others):
            return why, _DO_INDEX if package.origin.kind in ("index", "unstated") else _DO_ELSEWHERE
        if why := rules_index.unsaid_index(package, self._settings):
            return why, "compare it with a lock that names the index and the hashes"
        for _, reason in self._hits[package].unknown:
            return reason, "look at the advisory, and pin a version that it can be compared with"
        if not package.version:
            return "nothing fixes its version", "pin it to one"
        return None

    def of_the_database(self) -> Iterator[Spotted]:
        if self._database is None:
            return
        facts, limit = self._database.facts, self._settings.max_age
        newest = _time(facts.newest)
        if newest is None:
            if limit is not None:
                yield _gap("it is not known how old the advisories are", _SYNC)
        elif newest > self._now + timedelta(days=1):
            yield _gap(f"the advisories are from {facts.newest}, which is still to come", "see to the clock, and sync")
        elif limit is not None and (self._now - newest) / timedelta(days=1) > limit:
            age = (self._now - newest).days
            yield _gap(
                f"the youngest advisory is of {facts.newest}, {age:,} days ago; the policy allows {limit:,}",
                "sync the database",
            )
        if facts.unread:
            many = f"{facts.unread:,} record{'' if facts.unread == 1 else 's'}"
            yield _gap(f"{many} of the database could not be read", "sync it with a newer modelward")


def _release(package: Package) -> tuple[str, object]:
    return package.name, parsed(package.version) or package.version


def _gap(why: str, do: str) -> Spotted:
    return Spotted(Spot("", 1, 1), Unexamined(Location(None), why, do))


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None


def _ignored(one: Spotted, ignores: Iterable[Ignore], now: datetime) -> Ignore | None:
    return accepted(one.said, ignores, now.astimezone(UTC).date()) if isinstance(one.said, Finding) else None


def _order(one: Spotted) -> tuple[int, tuple[str, int, int, int], str]:
    if isinstance(one.said, Finding):
        return -one.said.severity, one.at.order, one.said.message
    return 0, one.at.order, one.said.why
