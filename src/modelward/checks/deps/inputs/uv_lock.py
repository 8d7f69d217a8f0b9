"""uv.lock, version 1: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile

Whatever an entry needs must have an entry, and something must need every entry, so that a file that was cut off shows.
The projects that the lock is made for are no dependencies of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from modelward.checks.deps.inputs import addresses, file_names, hashes, toml_lock
from modelward.checks.deps.inputs.conflicts import conflicts
from modelward.checks.deps.inputs.said import DO_WRITE_ANEW, gap
from modelward.checks.deps.inputs.toml_lines import table_lines
from modelward.checks.deps.inputs.toml_lock import Table, string, table, tables
from modelward.core.dependency import DistFile, Gap, Graph, Hash, Origin, Package, canonical_name
from modelward.core.errors import Malformed
from modelward.core.source_audit import Spot

_VERSION = 1
_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|$)")
_SOURCES = ("registry", "git", "url", "path", "directory", "editable", "virtual")


def read(raw: bytes, file: str) -> Graph:
    """Never raises: what cannot be read is a Gap at its line."""
    try:
        text, body = toml_lock.load(raw)
        if body.get("version") != _VERSION or isinstance(body["version"], bool):
            raise Malformed("this version of uv.lock is not known: expected version = 1")
        if "lock-version" in body or "packages" in body:
            raise Malformed("it is a pylock.toml as well: which of the two is installed depends on the tool")
        entries = tables(body.get("package"), "package")
        if not entries:
            raise Malformed("it has no entry, not even of the project: the rest of the file is missing")
        manifest = _Manifest.of(body)
    except Malformed as error:
        line = error.line if isinstance(error, toml_lock.Torn) else 1
        return Graph(gaps=(gap(file, line, str(error), DO_WRITE_ANEW),))
    lines = table_lines(text, "package", len(entries))
    found = _Found(file, manifest, {canonical_name(one["name"]) for one in entries if isinstance(one.get("name"), str)})
    for entry, line in zip(entries, lines, strict=True):
        found.add(entry, line)
    if "conflicts" not in body:  # of extras that exclude each other: their forks share their markers
        found.gaps += conflicts(found.packages)
    found.gaps += [*_repeated(found.packages), *found.orphans()]
    return Graph(tuple(found.packages), tuple(dict.fromkeys(found.gaps)))


class _Manifest(NamedTuple):
    members: frozenset[str]
    asked: frozenset[str]
    """What is asked for without a project: by a script, or by groups of a workspace."""

    @classmethod
    def of(cls, body: Table) -> _Manifest:
        manifest = table(body.get("manifest", {}), "manifest")
        members = manifest.get("members", [])
        if not isinstance(members, list) or not all(isinstance(one, str) for one in members):
            raise Malformed("the members in manifest must be names")
        groups = table(manifest.get("dependency-groups", {}), "dependency-groups").values()
        asked = [one for some in (manifest.get("requirements"), *groups) for one in tables(some, "requirements")]
        return cls(*(frozenset(map(canonical_name, names)) for names in (members, map(toml_lock.name, asked))))


class _Found:
    def __init__(self, file: str, manifest: _Manifest, names: set[str]) -> None:
        self.packages: list[Package] = []
        self.gaps: list[Gap] = []
        self._file = file
        self._manifest = manifest
        self._names = names
        self._needed = set(manifest.asked)

    def add(self, entry: Table, line: int) -> None:
        at = Spot(self._file, line, 1)
        try:
            package = _package(entry, at)
            kind, place = _source(entry)
        except Malformed as error:
            self.gaps.append(gap(self._file, line, str(error), DO_WRITE_ANEW))
            self.packages += toml_lock.unread(entry, at)
            return
        is_member = package.name in self._manifest.members and not _OUTSIDE.match(place)
        is_here = kind in ("editable", "directory") and (place == "." or is_member)
        if kind != "virtual" and not is_here:
            self.packages.append(package)
        self._needed.update(package.requires)
        for name in package.requires:
            if name not in self._names:
                why = f"{package.name} needs {name}, which the lock has no entry of: a part of it is missing"
                self.gaps.append(gap(self._file, line, why, DO_WRITE_ANEW))

    def orphans(self) -> Iterator[Gap]:
        for package in self.packages:
            if package.name not in self._needed:
                why = f"nothing in the lock needs {package.name}: a part of it is missing, or this was added"
                yield gap(self._file, package.at.line, why, DO_WRITE_ANEW)


def _package(entry: Table, at: Spot) -> Package:
    kind, place = _source(entry)
    package = Package(
        canonical_name(toml_lock.name(entry)),
        string(entry, "version", ""),
        at,
        _origin(kind, place),
        requires=tuple(dict.fromkeys(_requires(entry))),
        marker=_marker(entry),
    )
    sdist = [table(entry["sdist"], "sdist")] if "sdist" in entry else []
    files = tuple(_file(one, place) for one in (*sdist, *tables(entry.get("wheels"), "wheels")))
    if kind == "registry":
        if not files:
            raise Malformed("it has no file: the end of this entry is missing")
        if not package.version:
            raise Malformed("it has no version")
        for one in files:
            toml_lock.check_name(package, one)
        return package._replace(files=files)
    if kind in ("url", "path"):
        toml_lock.check_address(package, place)
    return package._replace(hashes=addresses.union(*(one.hashes for one in files)))


def _source(entry: Table) -> tuple[str, str]:
    source = table(entry.get("source"), "source")
    kinds = [kind for kind in _SOURCES if kind in source]
    if len(kinds) != 1:
        raise Malformed(f"source must have one of {', '.join(_SOURCES)}")
    return kinds[0], string(source, kinds[0])


def _origin(kind: str, place: str) -> Origin:
    if kind == "registry":
        return Origin("index" if addresses.scheme_of(place) else "path", addresses.without_secrets(place))
    if kind == "git":
        return Origin("vcs", f"{addresses.without_secrets(place)}@{place.partition('#')[2]}")
    return addresses.origin_of(place)


def _file(entry: Table, source: str) -> DistFile:
    """A source that is itself a file is not named again."""
    place = string(entry, "url", "") or string(entry, "path", "") or string(entry, "filename", "") or source
    stated = string(entry, "hash", "")
    found: Hash | None = hashes.parse_joined(stated) if stated else None
    return DistFile(
        file_names.last_part(place),
        addresses.without_secrets(place),
        (found,) if found else (),
        toml_lock.size(entry),
        toml_lock.uploaded(entry),
    )


def _marker(entry: Table) -> str:
    markers = entry.get("resolution-markers", [])
    if not isinstance(markers, list) or not all(isinstance(one, str) for one in markers):
        raise Malformed("resolution-markers must be texts")
    return markers[0] if len(markers) == 1 else " or ".join(f"({one})" for one in markers)


def _requires(entry: Table) -> Iterator[str]:
    groups = [entry.get("dependencies")]
    for key in ("optional-dependencies", "dev-dependencies"):
        groups += table(entry.get(key, {}), key).values()
    for group in groups:
        yield from (canonical_name(toml_lock.name(one)) for one in tables(group, "dependencies"))


def _repeated(packages: Iterable[Package]) -> Iterator[Gap]:
    seen: dict[tuple[str, str, Origin], int] = {}
    for package in packages:
        before = seen.setdefault((package.name, package.version, package.origin), package.at.line)
        if before != package.at.line:
            why = f"{package.name} {package.version} has two entries, this one and that in line {before:,}"
            yield gap(package.at.file, package.at.line, why, DO_WRITE_ANEW)
