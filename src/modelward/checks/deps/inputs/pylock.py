"""pylock.toml, PEP 751: https://packaging.python.org/en/latest/specifications/pylock-toml/

Keys that are not known are passed over, as the specification wants. Whoever made the lock is believed as to which
packages belong together; nothing says how many there are, so a file that was cut off behind a whole package reads
as a shorter one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from modelward.checks.deps.inputs import addresses, file_names, hashes, toml_lock
from modelward.checks.deps.inputs.conflicts import conflicts
from modelward.checks.deps.inputs.said import DO_WRITE_ANEW, gap
from modelward.checks.deps.inputs.toml_lines import table_lines
from modelward.checks.deps.inputs.toml_lock import Table, string, table, tables
from modelward.core.dependency import DistFile, Gap, Graph, Hash, Origin, Package, canonical_name
from modelward.core.errors import Malformed
from modelward.core.source_audit import Spot

_VERSION = re.compile(r"1(?:\.\d+)?")
_DIRECT = ("vcs", "directory", "archive")


def read(raw: bytes, file: str) -> Graph:
    """Never raises: what cannot be read is a Gap at its line."""
    try:
        text, body = toml_lock.load(raw)
        if not _VERSION.fullmatch(string(body, "lock-version")):
            raise Malformed("this version of pylock.toml is not known: expected lock-version 1.0")
        if "package" in body:
            raise Malformed("it is a uv.lock as well: which of the two is installed depends on the tool")
        entries = tables(body.get("packages"), "packages")
        if "packages" not in body:
            raise Malformed("it names no packages at all: the end of the file is missing")
    except Malformed as error:
        line = error.line if isinstance(error, toml_lock.Torn) else 1
        return Graph(gaps=(gap(file, line, str(error), DO_WRITE_ANEW),))
    packages, gaps = list[Package](), list[Gap]()
    for entry, line in zip(entries, table_lines(text, "packages", len(entries)), strict=True):
        at = Spot(file, line, 1)
        try:
            packages.append(_package(entry, at))
        except Malformed as error:
            gaps.append(gap(file, line, str(error), DO_WRITE_ANEW))
            packages += toml_lock.unread(entry, at)
    gaps += conflicts(packages)
    return Graph(tuple(packages), tuple(gaps))


def _package(entry: Table, at: Spot) -> Package:
    sources = [key for key in (*_DIRECT, "sdist", "wheels") if entry.get(key)]
    if not sources or (len(sources) > 1 and {*sources} & {*_DIRECT}):
        raise Malformed("it must have one source: wheels and an sdist, an archive, a directory or a repository")
    package = Package(
        canonical_name(toml_lock.name(entry)),
        string(entry, "version", ""),
        at,
        Origin("unstated"),
        requires=_requires(entry),
        marker=string(entry, "marker", ""),
    )
    if sources[0] in _DIRECT:
        return _direct(package, sources[0], table(entry[sources[0]], sources[0]))
    index = string(entry, "index", "")
    files = [table(entry["sdist"], "sdist")] if "sdist" in sources else []
    found = tuple(_file(one) for one in (*files, *tables(entry.get("wheels"), "wheels")))
    named = file_names.parse(found[0].name) if found else None
    if named and not package.version:
        package = package._replace(version=named.version)
    for one in found:
        toml_lock.check_name(package, one)
        toml_lock.check_address(package, one.url)
    if index:
        package = package._replace(origin=Origin("index", addresses.without_secrets(index)))
    elif local := next((one.url for one in found if not addresses.scheme_of(one.url)), ""):
        package = package._replace(origin=Origin("path", local))
    return package._replace(files=found)


def _direct(package: Package, kind: str, source: Table) -> Package:
    place = string(source, "url", "") or string(source, "path")
    if kind == "vcs":
        url = addresses.without_secrets(place)
        return package._replace(origin=Origin("vcs", f"{url}@{string(source, 'commit-id')}"))
    if kind == "directory":
        return package._replace(origin=Origin("path", string(source, "path")))
    toml_lock.size(source)
    toml_lock.check_address(package, place)
    return package._replace(origin=addresses.origin_of(place), hashes=_hashes(source))


def _file(entry: Table) -> DistFile:
    place = string(entry, "url", "") or string(entry, "path", "")
    found = string(entry, "name", "") or file_names.last_part(place)
    return DistFile(
        found, addresses.without_secrets(place), _hashes(entry), toml_lock.size(entry), toml_lock.uploaded(entry)
    )


def _hashes(entry: Table) -> tuple[Hash, ...]:
    found: Mapping[str, object] = table(entry.get("hashes", {}), "hashes")
    parsed = [hashes.parse(key, string(found, key)) for key in found]
    return tuple(one for one in parsed if one)


def _requires(entry: Table) -> tuple[str, ...]:
    listed = tables(entry.get("dependencies"), "dependencies")
    return tuple(dict.fromkeys(canonical_name(toml_lock.name(one)) for one in listed if "name" in one))
