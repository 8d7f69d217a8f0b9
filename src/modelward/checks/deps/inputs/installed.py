"""Packages as they lie in an environment: the texts in their .dist-info folders, and the files that RECORD names.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/

RECORD lies beside what it describes: it shows that a file was changed, not that all of them were by somebody who
wrote RECORD anew. For that the wheel is compared with a lock.
"""

from __future__ import annotations

import base64
import csv
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from modelward.checks.deps.inputs import metadata
from modelward.checks.deps.inputs.addresses import without_secrets
from modelward.checks.deps.inputs.file_names import is_same_version
from modelward.checks.deps.inputs.said import gap
from modelward.core import canonical
from modelward.core.dependency import Gap, Origin, Package, canonical_name
from modelward.core.errors import Malformed
from modelward.core.source_audit import Spot

READ = ("METADATA", "RECORD", "direct_url.json")
"""The files of a .dist-info folder that read_dist wants."""

_MOST_ROWS = 1_000_000
_SHOWN = 5
_ANEW = "install the package anew"
_UNHASHED = re.compile(r"(?:.*/)?(?:__pycache__/[^/]*\.pyc|[^/]+\.dist-info/RECORD(?:\.jws|\.p7s)?)")
"""What has no hash in RECORD: itself, and what was compiled after the wheel was unpacked."""
_COMPILED = re.compile(r"(.*/|)__pycache__/([^/.]+)\.[^/]*\.pyc")


class Row(NamedTuple):
    """A file that RECORD names."""

    path: str
    """Below the environment, "/" between its parts, escaped as canonical.escape_bytes does."""
    sha256: bytes | None
    """None where RECORD has none, or none that is read here."""
    line: int


class Dist(NamedTuple):
    folder: str
    """The name of its .dist-info folder."""
    package: Package | None
    rows: tuple[Row, ...]
    record: str
    """The name of its RECORD, for people."""
    gaps: tuple[Gap, ...]


class FileFact(NamedTuple):
    kind: Literal["changed", "missing", "unrecorded"]
    package: str
    """Empty where it belongs to none."""
    path: str
    at: Spot
    detail: str


def read_dist(folder: str, label: str, site: str, files: Mapping[str, bytes]) -> Dist:
    """The .dist-info *folder*, whose texts are *files*. *label* names it for people; *site* is the folder in which
    it lies, below the environment."""
    gaps = list[Gap]()
    package = None
    try:
        package = _package(folder, label, files)
    except Malformed as error:
        gaps.append(gap(f"{label}/METADATA", 1, str(error), _ANEW))
    if package and package.origin.kind == "path":
        why = f"{package.name} was installed from a folder: what it is made of is not known"
        gaps.append(gap(f"{label}/direct_url.json", 1, why, "install a wheel"))
    record = f"{label}/RECORD"
    if "RECORD" not in files:
        gaps.append(gap(record, 1, "there is no RECORD: nothing says which files the package has", _ANEW))
    rows = list(_rows(files["RECORD"], record, site)) if "RECORD" in files else []
    gaps += [one for one in rows if isinstance(one, Gap)]
    return Dist(folder, package, tuple(one for one in rows if isinstance(one, Row)), record, tuple(gaps))


def _package(folder: str, label: str, files: Mapping[str, bytes]) -> Package:
    if "METADATA" not in files:
        raise Malformed("there is no METADATA: which package it is cannot be said")
    said = metadata.read(files["METADATA"].decode("utf-8", "replace"))
    name, _, version = folder.removesuffix(".dist-info").rpartition("-")
    if canonical_name(name) != said.name or not is_same_version(version.replace("_", "-"), said.version):
        raise Malformed(f"METADATA says {said.name} {said.version}, and its folder another package or version")
    at = Spot(f"{label}/METADATA", said.line, 1)
    origin = _origin(files["direct_url.json"]) if "direct_url.json" in files else Origin("unstated")
    return Package(said.name, said.version, at, origin, requires=said.requires, is_installed=True)


def _origin(raw: bytes) -> Origin:
    """https://packaging.python.org/en/latest/specifications/direct-url-data-structure/"""
    body = canonical.decode(raw)
    if not isinstance(body, dict) or not isinstance(body.get("url"), str):
        raise Malformed("direct_url.json does not say where the package comes from")
    url = without_secrets(body["url"])
    vcs = body.get("vcs_info")
    if isinstance(vcs, dict):
        return Origin("vcs", f"{vcs.get('vcs')}+{url}@{vcs.get('commit_id')}")
    return Origin("path" if url.startswith("file:") or "dir_info" in body else "url", url)


def _rows(raw: bytes, label: str, site: str) -> Iterator[Row | Gap]:
    try:
        reader = csv.reader(raw.decode("utf-8").splitlines(), strict=True)
        for count, row in enumerate(reader):
            if count >= _MOST_ROWS:
                raise csv.Error(f"more than {_MOST_ROWS:,} lines are not read")
            if row:
                yield _row(row, reader.line_num, label, site)
    except (UnicodeDecodeError, csv.Error):
        yield gap(label, 1, "RECORD is no table of files: damaged, or cut off", _ANEW)


def _row(row: Sequence[str], line: int, label: str, site: str) -> Row | Gap:
    if len(row) != 3:
        return gap(label, line, "a line of RECORD has three parts: path, hash and size", _ANEW)
    path, stated, _ = row
    name = _below(path, site)
    if name is None:
        why = "RECORD names a file outside the environment, which is not looked at"
        return gap(label, line, why, "give the folder of the whole environment")
    algorithm, _, value = stated.partition("=")
    return Row(name, _decoded(value) if algorithm == "sha256" else None, line)


def _below(path: str, site: str) -> str | None:
    """*path*, which counts from *site*, below the environment; None where it leads out of it."""
    if path.startswith("/") or "\0" in path:
        return None
    whole = f"{site}/{path}" if site else path
    if ".." in path or "//" in path or "./" in path:
        whole = posixpath.normpath(whole)
    if whole == ".." or whole.startswith("../"):
        return None
    return canonical.escape_bytes(whole.encode("utf-8", "surrogatepass"))


def _decoded(value: str) -> bytes | None:
    try:
        digest = base64.b64decode(value + "=" * (-len(value) % 4), b"-_", validate=True)
    except ValueError:
        return None
    return digest if len(digest) == 32 else None


# -- files against RECORD


class Site(NamedTuple):
    """The folder that packages lie in, as it was found. Paths are those of Row."""

    label: str
    folder: str
    """Below the environment; empty where it is all that was given."""
    files: Sequence[str]
    """All of them in it, and those elsewhere that a RECORD names and that are there."""
    digests: Mapping[str, bytes]
    """The sha256 of those that RECORD has a hash of, as far as they could be read."""
    has_unrecorded: bool
    """Whether there are packages without RECORD, whose files nothing tells from those of nobody."""


def compare(dists: Sequence[Dist], site: Site) -> Iterator[FileFact | Gap]:
    """What whoever read the files could not read is theirs to say."""
    present = frozenset(site.files)
    for dist in dists:
        yield from _of_dist(dist, present, site.digests)
        yield from _unhashed(dist, present)
    recorded = {row.path for dist in dists for row in dist.rows}
    owners = _owners(dists)
    compiled = unknown = 0
    for path in site.files:
        cached = _COMPILED.fullmatch(path)
        if cached and f"{cached[1]}{cached[2]}.py" in present:
            compiled += 1
        elif path not in recorded and site.has_unrecorded:
            unknown += 1
        elif path not in recorded:
            at = Spot(f"{site.label}/{path.removeprefix(site.folder).lstrip('/')}", 1, 1)
            yield FileFact("unrecorded", owners.get(_folder(path), ""), path, at, "no package installed it")
    if unknown:
        why = f"{unknown:,} files are in no RECORD: some packages have none, and these may be theirs, or nobody's"
        yield gap(site.label, 1, why, "install those packages anew, with a current pip")
    if compiled:
        why = f"{compiled:,} compiled files (.pyc) were not compared: nothing has their hashes, and Python runs them"
        yield gap(site.label, 1, why, "remove the __pycache__ folders, or leave them out with --exclude '*.pyc'")


def _of_dist(dist: Dist, present: frozenset[str], digests: Mapping[str, bytes]) -> Iterator[FileFact]:
    name = dist.package.name if dist.package else ""
    for row in dist.rows:
        if row.sha256 is None:
            continue
        at = Spot(dist.record, row.line, 1)
        if row.path not in present:
            yield FileFact("missing", name, row.path, at, f"the RECORD of {name} names it, and it is not there")
        elif digests.get(row.path, row.sha256) != row.sha256:
            yield FileFact("changed", name, row.path, at, f"the RECORD of {name} has another hash for it")


def _unhashed(dist: Dist, present: frozenset[str]) -> Iterator[Gap]:
    """virtualenv writes such rows for the scripts of what it seeds, and for files that it does not make."""
    paths = [row.path for row in dist.rows if row.sha256 is None and row.path in present]
    paths = [path for path in paths if not _UNHASHED.fullmatch(path)]
    if paths:
        few = ", ".join(paths[:_SHOWN]) + (", …" if len(paths) > _SHOWN else "")
        why = f"RECORD has no sha256 of {len(paths):,} files, which are not compared: {few}"
        yield gap(dist.record, 1, why, "install the package anew with pip or uv, or leave them out with --exclude")


def _owners(dists: Iterable[Dist]) -> dict[str, str]:
    """Of each folder, a package that has files in it."""
    return {_folder(row.path): dist.package.name for dist in dists if dist.package for row in dist.rows}


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
