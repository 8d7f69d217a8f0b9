"""Places where packages lie: environments and wheelhouses, with the bytes that are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from modelward.checks.deps.inputs import file_names, wheel
from modelward.checks.deps.inputs import installed as reader
from modelward.checks.deps.inputs.installed import Dist, FileFact
from modelward.checks.deps.inputs.said import gap
from modelward.core.artifact import Blob
from modelward.core.dependency import DistFile, Gap, Hash, Origin, Package
from modelward.core.errors import ReadError
from modelward.core.limits import Limits
from modelward.core.source_audit import Spot
from modelward.stores import installed
from modelward.stores.files import FileSource
from modelward.stores.installed import Site
from modelward.stores.tree import Entry

_MOST = 64 << 20
"""Bytes of a text in a .dist-info folder."""
_DO_READ = "make it readable, and run again"


class Place(NamedTuple):
    packages: tuple[Package, ...]
    gaps: tuple[Gap, ...]
    facts: tuple[FileFact, ...] = ()
    files: Mapping[str, Blob] = {}
    """What was read of it, by the names that people know."""
    is_wheelhouse: bool = False


# -- environments


def environment(site: Site, label: str) -> Place:
    """What is installed in *site*, which *label* names, and how its files compare with RECORD."""
    found = installed.contents(site)
    gaps = [gap(f"{label}/{one.path}", 1, one.why, one.do) for one in found.gaps]
    for name in found.legacy:
        why = "it was installed without RECORD, by a tool that no longer does so: its files are not compared"
        gaps.append(gap(f"{label}/{name}", 1, why, "install the package anew, with a current pip"))
    dists, files = list[Dist](), dict[str, Blob]()
    for name in found.infos:
        texts = dict[str, bytes]()
        for part in reader.READ:
            real = found.files.get(f"{site.folder}/{name}/{part}" if site.folder else f"{name}/{part}")
            if real is None:
                continue
            at = f"{label}/{name}/{part}"
            try:
                texts[part], files[at] = installed.read_whole(real, _MOST)
            except ReadError as error:
                gaps.append(gap(at, 1, f"it cannot be read: {error}", _DO_READ))
        dists.append(reader.read_dist(name, f"{label}/{name}", site.folder, texts))
    has_unrecorded = bool(found.legacy) or not all(dist.rows for dist in dists)
    facts, more = _compared(site, label, found.files, dists, has_unrecorded)
    packages = tuple(dist.package for dist in dists if dist.package)
    said = (*gaps, *(one for dist in dists for one in dist.gaps), *more, *_twice(packages))
    return Place(packages, said, facts, files)


def _compared(
    site: Site, label: str, files: Mapping[str, bytes], dists: Sequence[Dist], has_unrecorded: bool
) -> tuple[tuple[FileFact, ...], tuple[Gap, ...]]:
    recorded = {row.path: row.sha256 is not None for dist in dists for row in dist.rows}
    outside = dict(installed.elsewhere(site, (path for path in recorded if path not in files)))
    everything = {**files, **outside}
    hashed = {path: real for path, real in everything.items() if recorded.get(path)}
    digests, failed = installed.digests(hashed)
    gaps = [gap(label, 1, f"{path} cannot be read: {error}", _DO_READ) for path, error in sorted(failed.items())]
    said = list(reader.compare(dists, reader.Site(label, site.folder, tuple(everything), digests, has_unrecorded)))
    gaps += [one for one in said if isinstance(one, Gap)]
    return tuple(one for one in said if isinstance(one, FileFact)), tuple(gaps)


def _twice(packages: Iterable[Package]) -> Iterable[Gap]:
    """Which of two copies is imported is decided by the order in which their files were written."""
    seen: dict[str, Package] = {}
    for package in packages:
        if before := seen.get(package.name):
            why = f"{package.name} is there twice, as {before.version} and {package.version}"
            yield gap(package.at.file, package.at.line, why, "install it anew")
        seen[package.name] = package


# -- wheelhouses


def wheelhouse(files: Iterable[tuple[str, Entry]], is_folder: bool) -> Place:
    """Wheels and source distributions, each under the name that people know. Raises ReadError for a lone one that
    cannot be read."""
    packages, gaps, blobs = list[Package](), list[Gap](), dict[str, Blob]()
    for label, entry in files:
        if is_folder and not file_names.is_distribution(entry.path):
            continue
        try:
            with FileSource(entry.real) as source:
                found, said = _distribution(source, label)
                blobs[label] = blob = source.finish()
        except ReadError as error:
            if not is_folder:
                raise
            gaps.append(gap(label, 1, f"it cannot be read: {error}", _DO_READ))
            continue
        gaps += said
        name = file_names.last_part(label)
        file = DistFile(name, "", (Hash(blob.digest.algorithm, blob.digest.value),), blob.size)
        packages += (package._replace(files=(file,)) for package in found)
    return Place(tuple(packages), tuple(gaps), (), blobs, is_folder)


def _distribution(source: FileSource, label: str) -> tuple[Sequence[Package], Sequence[Gap]]:
    name = file_names.last_part(label)
    if name.lower().endswith(".whl"):
        graph, _ = wheel.read(source, label, Limits())
        return graph.packages, graph.gaps
    named = file_names.parse(name)
    if named is None:
        why = "it is an archive that its name says no package of"
        return (), (gap(label, 1, why, "name it as its index does"),)
    return (Package(*named, Spot(label, 1, 1), Origin("unstated"), is_installed=True),), ()
