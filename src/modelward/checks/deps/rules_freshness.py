"""Releases that are too young, by what the lock itself says of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from modelward.checks.deps.inputs.file_names import is_same_version
from modelward.checks.deps.rules import TOO_NEW
from modelward.checks.deps.rules_project import release_of
from modelward.core.advisory import Affected
from modelward.core.dependency import Package
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.project import Project
from modelward.core.source_audit import Spotted

_NAMED = 3
_DAY = timedelta(days=1)


def released(package: Package, project: Project | None) -> datetime | None:
    """When the youngest file that may be installed was uploaded: a file added to an old release is young. By the lock,
    where that says it of each of its files, and by the page of the project: the later, since whoever writes a lock can
    write any time into it. None where neither says it."""
    times = [file.uploaded for file in package.files]
    known = [time for time in times if time is not None]
    known = known if len(known) == len(times) else []
    release = release_of(package, project) if project else None
    if release and release.uploaded:
        known.append(datetime.fromisoformat(release.uploaded))
    return max(known, default=None)


def too_new(package: Package, time: datetime, rows: Sequence[Affected], days: int, now: datetime) -> Iterator[Finding]:
    """Nothing of a release that fixes an advisory, since waiting for it is the greater danger."""
    if (now - time) / _DAY >= days or _fixes(package.version, rows):
        return
    message = f"{package.name} {package.version} was uploaded {_day(time)}, and may be taken {_after(time, days)}"
    facts = (("package", package.name), ("version", package.version), ("uploaded", time.astimezone(UTC).isoformat()))
    yield Finding(TOO_NEW, Location(None), message, facts)


def _after(time: datetime, days: int) -> str:
    try:
        return f"from {_day(time + days * _DAY)} on"
    except OverflowError:
        return f"{days:,} days later"


def _fixes(version: str, rows: Iterable[Affected]) -> bool:
    """Whether an advisory names just this version as the one that ends a vulnerable range."""
    fixed = {event.version for row in rows for events in row.ranges for event in events if event.kind == "fixed"}
    return version in fixed or any(is_same_version(one, version) for one in fixed)


def ageless(packages: Iterable[Package]) -> Iterator[Spotted]:
    """One gap for each file with packages of which it is not known when they were uploaded."""
    missing: dict[str, list[Package]] = {}
    for package in packages:
        missing.setdefault(package.at.file, []).append(package)
    for found in missing.values():
        names = ", ".join(package.name for package in found[:_NAMED]) + (", …" if len(found) > _NAMED else "")
        why = f"it is not known when {len(found):,} of its packages were uploaded ({names})"
        do = "lock with a tool that writes upload times (pylock.toml, uv.lock), or sync the pages of the projects"
        yield Spotted(found[0].at, Unexamined(Location(None), why, do))


def _day(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d}"
