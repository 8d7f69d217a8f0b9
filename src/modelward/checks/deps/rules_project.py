"""What an index says of the projects and the releases themselves, where the database has their pages."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.deps.rules import ABANDONED, QUARANTINED, YANKED
from modelward.checks.deps.versions import parsed
from modelward.core.dependency import Package
from modelward.core.finding import Finding, Location
from modelward.core.project import Project, Release


def judge(package: Package, project: Project) -> Iterator[Finding]:
    facts = (("package", package.name), ("version", package.version))
    because = f": {project.reason}" if project.reason else ""
    if project.status == "quarantined":
        yield Finding(QUARANTINED, Location(None), f"{package.name} is quarantined{because}", facts)
    elif project.status in ("archived", "deprecated"):
        yield Finding(ABANDONED, Location(None), f"{package.name} is {project.status}{because}", facts)
    release = release_of(package, project)
    if release is not None and release.yanked is not None:
        why = release.yanked or "nobody says why"
        yield Finding(YANKED, Location(None), f"{package.name} {package.version} was yanked: {why}", facts)


def release_of(package: Package, project: Project) -> Release | None:
    """The release that the package is, however its version is spelt."""
    version = parsed(package.version) if package.version else None
    for release in project.releases:
        if release.version == package.version or (version is not None and parsed(release.version) == version):
            return release
    return None


def usable(project: Project) -> Iterator[str]:
    """Versions that may be taken: those that are not yanked."""
    return (release.version for release in project.releases if release.yanked is None)
