"""Environments: what is installed there, how its files compare with RECORD, and what runs by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from modelward.app.deps_places import DO_READ, MOST, Built, Exclusion, Place
from modelward.checks.deps.inputs import installed as reader
from modelward.checks.deps.inputs import pyvenv
from modelward.checks.deps.inputs.installed import Dist, FileFact
from modelward.checks.deps.inputs.said import gap
from modelward.checks.deps.known import environment_files
from modelward.checks.deps.wheel import startup
from modelward.checks.deps.wheel.rules_wheel import STARTUP
from modelward.checks.deps.wheel.structure import is_sbom
from modelward.core.artifact import Blob
from modelward.core.dependency import Gap, Package
from modelward.core.errors import ReadError
from modelward.core.finding import Finding, Location
from modelward.core.source_audit import Spot, Spotted
from modelward.stores import installed
from modelward.stores.installed import Site

_SBOM = 16 << 20


def environment(site: Site, label: str, exclusion: Exclusion) -> Place:
    """What is installed in *site*, which *label* names."""
    return _Environment(site, label, exclusion).place()


class _Text(NamedTuple):
    """A file that Python looks at when it starts."""

    place: str
    raw: bytes
    owner: Dist | None
    """The package whose RECORD names it."""


class _Environment:
    def __init__(self, site: Site, label: str, exclusion: Exclusion) -> None:
        self._site, self._label = site, label
        self._gaps, self._blobs = list[Gap](), dict[str, Blob]()
        found = installed.contents(site)

        def is_kept(path: str) -> bool:
            """*path* counts from the environment; patterns count from what was given."""
            return not exclusion(path.removeprefix(f"{site.folder}/") if site.is_given else path, label)

        before = f"{site.folder}/" if site.folder else ""
        self._files = {path: real for path, real in found.files.items() if is_kept(path)}
        self._places = {path[len(before) :]: path for path in self._files if path.startswith(before)}
        kept = {place.partition("/")[0] for place in self._places}
        self._legacy = [name for name in found.legacy if name in kept]
        self._gaps += (
            gap(f"{label}/{one.path}", 1, one.why, one.do) for one in found.gaps if is_kept(before + one.path)
        )
        dists = [self._dist(name) for name in found.infos if name in kept]
        self._dists = [dist._replace(rows=tuple(row for row in dist.rows if is_kept(row.path))) for dist in dists]
        self._known = self._leftovers()

    def place(self) -> Place:
        for name in self._legacy:
            why = "it was installed without RECORD, by a tool that no longer does so: its files are not compared"
            self._say(name, why, "install the package anew, with a current pip")
        self._settings()
        found, facts = tuple(self._started()), tuple(self._compared())
        built = self._built()
        packages = tuple(dist.package for dist in self._dists if dist.package)
        gaps = (*self._gaps, *(one for dist in self._dists for one in dist.gaps), *built.gaps, *_twice(packages))
        return Place(packages, gaps, facts, self._blobs, False, found, tuple(built.copies), tuple(built.bundled))

    def _settings(self) -> None:
        try:
            raw = installed.configuration(self._site)
            if raw is not None and pyvenv.takes_system_packages(raw):
                why = "packages of the Python that it was made from are imported, too, which are not looked at"
                self._say("", why, "give the folder of that Python, too, or make it without system packages")
        except ReadError as error:
            self._say("", f"pyvenv.cfg cannot be read: {error}", DO_READ)

    def _say(self, name: str, why: str, do: str) -> None:
        self._gaps.append(gap(f"{self._label}/{name}" if name else self._label, 1, why, do))

    def _path(self, place: str) -> str:
        return f"{self._site.folder}/{place}" if self._site.folder else place

    def _read(self, place: str, most: int) -> bytes | None:
        """The bytes of the file at *place* in the site; None, and a gap, where they cannot be had."""
        try:
            raw, self._blobs[f"{self._label}/{place}"] = installed.read_whole(self._files[self._places[place]], most)
        except ReadError as error:
            self._say(place, f"it cannot be read: {error}", DO_READ)
            return None
        return raw

    def _dist(self, name: str) -> Dist:
        texts = dict[str, bytes]()
        for part in reader.READ:
            if f"{name}/{part}" in self._places and (raw := self._read(f"{name}/{part}", MOST)) is not None:
                texts[part] = raw
        return reader.read_dist(name, f"{self._label}/{name}", self._site.folder, texts)

    # -- what runs by itself

    def _leftovers(self) -> frozenset[str]:
        """Files of no package that tools leave in every environment, known by their bytes: all that are there, since
        one of them runs another."""
        names = {name for name, _ in environment_files()}
        recorded = {row.path for dist in self._dists for row in dist.rows}
        paths = {self._places[name]: name for name in names & self._places.keys()}
        digests, _ = installed.digests({path: self._files[path] for path in paths.keys() - recorded})
        are_known = all((paths[path], digest.hex()) in environment_files() for path, digest in digests.items())
        return frozenset(digests) if are_known else frozenset()

    def _startup_texts(self) -> Iterator[_Text]:
        paths = {path: place for place, path in self._places.items() if startup.is_candidate(place)}
        owners = {row.path: dist for dist in self._dists for row in dist.rows if row.path in paths}
        for path, place in paths.items():
            raw = self._read(place, MOST) if startup.is_read(place) else b""
            if raw is not None and path not in self._known:
                yield _Text(place, raw, owners.get(path))

    def _started(self) -> Iterator[Spotted]:
        for place, raw, owner in self._startup_texts():
            text, package = raw.decode("utf-8-sig", "replace"), owner.package if owner else None
            is_editable = package is not None and package.origin.kind == "path"
            if not is_editable and (added := startup.folders(text)):
                why = f"packages are also imported from {', '.join(added[:3])}, which is not looked at"
                self._say(place, why, "give that folder, too, or remove the file")
            why = startup.why_run(place, text)
            if not why or (owner and is_editable and self._is_own(place, text, owner)):
                continue
            facts = (("package", package.name), ("version", package.version)) if package else ()
            finding = Finding(STARTUP, Location(None), f"{place} {why}", (*facts, ("file", self._path(place))))
            yield Spotted(Spot(f"{self._label}/{place}", 1, 1), finding)

    def _is_own(self, place: str, text: str, owner: Dist) -> bool:
        """Whether it only imports modules of an editable package, of which a gap says that nothing is known."""
        modules, rows = startup.editable_modules(place, text), {row.path for row in owner.rows}
        return modules is not None and all(self._path(f"{module}.py") in rows for module in modules)

    # -- files against RECORD

    def _compared(self) -> Iterator[FileFact]:
        recorded = {row.path: row.sha256 is not None for dist in self._dists for row in dist.rows}
        outside = dict(installed.elsewhere(self._site, (path for path in recorded if path not in self._files)))
        everything = {path: real for path, real in self._files.items() if path not in self._known} | outside
        digests, failed = installed.digests({path: real for path, real in everything.items() if recorded.get(path)})
        for path, error in sorted(failed.items()):
            self._say("", f"{path} cannot be read: {error}", DO_READ)
        has_unrecorded = bool(self._legacy) or not all(dist.rows for dist in self._dists)
        site = reader.Site(self._label, self._site.folder, tuple(everything), digests, has_unrecorded)
        for one in reader.compare(self._dists, site):
            if isinstance(one, Gap):
                self._gaps.append(one)
            else:
                yield one

    def _built(self) -> Built:
        built, owners = Built.nothing(), {dist.folder: dist.package for dist in self._dists}
        for place in self._places:
            if is_sbom(place) and (raw := self._read(place, _SBOM)) is not None:
                built.add([(f"{self._label}/{place}", raw)], owners.get(place.partition("/")[0]))
        return built


def _twice(packages: Iterable[Package]) -> Iterable[Gap]:
    """Which of two copies is imported is decided by the order in which their files were written."""
    seen: dict[str, Package] = {}
    for package in packages:
        if before := seen.get(package.name):
            why = f"{package.name} is there twice, as {before.version} and {package.version}"
            yield gap(package.at.file, package.at.line, why, "install it anew")
        seen[package.name] = package
