"""Wheels and source distributions: what they are, what is wrong with them, and what they add to an approved one."""

from __future__ import annotations

from collections.abc import Iterable

from modelward.app.deps_places import DO_READ, Built, Exclusion, Place
from modelward.checks.deps.inputs import file_names, wheel
from modelward.checks.deps.inputs.said import gap
from modelward.checks.deps.inputs.wheel import Read
from modelward.checks.deps.versions import parsed
from modelward.checks.deps.wheel import difference, rules_wheel
from modelward.checks.deps.wheel.structure import file_name
from modelward.core.artifact import Blob
from modelward.core.dependency import DistFile, Gap, Hash, Origin, Package
from modelward.core.errors import ReadError
from modelward.core.finding import Finding, Location
from modelward.core.limits import Limits
from modelward.core.source_audit import Spot, Spotted
from modelward.stores.files import FileSource
from modelward.stores.tree import Entry, open_target


class Approved:
    """The wheels that were approved before: one, or those of a folder. Raises UsageError and ReadError as open_target
    does."""

    def __init__(self, path: str) -> None:
        tree = open_target(path)
        self._is_folder = tree.is_tree
        self._label = tree.label.rstrip("/") or "/"
        self._entries = [one for one in tree.entries if not tree.is_tree or one.path.lower().endswith(".whl")]
        self.is_asked = False
        """Whether there was a wheel to compare."""
        self.used: dict[str, Blob] = {}
        """Those that something was compared with."""

    def compare(self, read: Read, label: str) -> Iterable[Finding | Gap]:
        """What the wheel at *label* has that the approved one of its package has not."""
        self.is_asked = True
        if read.package is None:
            return [gap(label, 1, "which package it is is not known, so that it is not compared", "fetch it anew")]
        entry = self._before(read.package, label)
        if entry is None:
            why = f"no wheel of another version of {read.package.name} is in {self._label}: it is not compared"
            return [gap(label, 1, why, "put the wheel that was approved before there, or read this one")]
        at = f"{self._label}/{entry.path}" if self._is_folder else self._label
        try:
            with FileSource(entry.real) as source:
                approved = wheel.read(source, at, Limits())
                self.used[at] = source.finish()
        except ReadError as error:
            return [gap(at, 1, f"the approved wheel cannot be read: {error}", DO_READ)]
        if approved.gaps:
            return [one._replace(at=Spot(at, 1, 1)) for one in approved.gaps]
        return difference.compare(approved.wheel, read.wheel)

    def _before(self, package: Package, label: str) -> Entry | None:
        """In a folder the version before it, else the highest other; of its wheels one for the same platform, if
        there is one."""
        if not self._is_folder:
            return self._entries[0]
        own, own_version = file_name(file_names.last_part(label)), parsed(package.version)
        ranked = list[tuple[tuple[object, ...], Entry]]()
        for entry in self._entries:
            named = file_name(file_names.last_part(entry.path))
            version = parsed(named.version.replace("_", "+")) if named and named.name == package.name else None
            if named is None or version is None or version == own_version:
                continue
            is_before = own_version is not None and version < own_version
            same = own is not None and (named.platform == own.platform, named[2:] == own[2:])
            ranked.append(((is_before, version, same, entry.path), entry))
        return max(ranked)[1] if ranked else None


def wheelhouse(
    files: Iterable[tuple[str, Entry]], folder: str | None, exclusion: Exclusion, approved: Approved | None
) -> Place:
    """Wheels and source distributions, each under the name that people know, of *folder* if they are its. Raises
    ReadError for a lone one that cannot be read."""
    house = _House(approved)
    for label, entry in files:
        if folder is not None and (not file_names.is_distribution(entry.path) or exclusion(entry.path, folder)):
            continue
        try:
            house.add(label, entry)
        except ReadError as error:
            if folder is None:
                raise
            house.gaps.append(gap(label, 1, f"it cannot be read: {error}", DO_READ))
    return house.place(folder is not None)


class _House:
    def __init__(self, approved: Approved | None) -> None:
        self._approved = approved
        self._packages, self._found = list[Package](), list[Spotted]()
        self._blobs, self._built = dict[str, Blob](), Built.nothing()
        self.gaps = self._built.gaps

    def place(self, is_wheelhouse: bool) -> Place:
        packages, found, built = tuple(self._packages), tuple(self._found), self._built
        copies, bundled = tuple(built.copies), tuple(built.bundled)
        return Place(packages, tuple(self.gaps), (), self._blobs, is_wheelhouse, found, copies, bundled)

    def add(self, label: str, entry: Entry) -> None:
        name = file_names.last_part(label)
        with FileSource(entry.real) as source:
            read = wheel.read(source, label, Limits()) if name.lower().endswith(".whl") else None
            self._blobs[label] = blob = source.finish()
        package = read.package if read else self._source_distribution(name, label)
        if package:
            file = DistFile(name, "", (Hash(blob.digest.algorithm, blob.digest.value),), blob.size)
            self._packages.append(package._replace(files=(file,)))
        if read:
            self._judge(read, label)

    def _source_distribution(self, name: str, label: str) -> Package | None:
        named = file_names.parse(name)
        if named is None:
            why = "it is an archive that its name says no package of"
            self.gaps.append(gap(label, 1, why, "name it as its index does"))
            return None
        return Package(*named, Spot(label, 1, 1), Origin("unstated"), is_installed=True)

    def _judge(self, read: Read, label: str) -> None:
        self.gaps += read.gaps
        self._built.add(((f"{label}/{path}", raw) for path, raw in read.wheel.sboms.items()), read.package)
        said = [*rules_wheel.judge(read.wheel), *(self._approved.compare(read, label) if self._approved else ())]
        self.gaps += (one for one in said if isinstance(one, Gap))
        facts = (("package", read.package.name), ("version", read.package.version)) if read.package else ()
        for one in (one for one in said if isinstance(one, Finding)):
            inside = one.at.inside[0] if one.at.inside else ""
            message = f"{inside}: {one.message}" if inside not in one.message else one.message
            finding = Finding(one.rule, Location(None), message, (*facts, *one.evidence))
            self._found.append(Spotted(Spot(label, 1, 1), finding))
