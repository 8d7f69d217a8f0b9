"""What the targets of an audit of dependencies name: documents, environments, wheels and folders of them, as one graph.

What a file is, its content says. A folder may be several things at once: an environment, a wheelhouse, a project.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from modelward.checks.deps import rules_files
from modelward.checks.deps.inputs import file_names, requirements
from modelward.checks.deps.inputs.kinds import Kind, kind_of
from modelward.checks.deps.inputs.said import gap
from modelward.core.artifact import Blob
from modelward.core.canonical import escape_bytes, unescape_bytes
from modelward.core.dependency import Bundled, Gap, Graph, Package
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Location, Unexamined
from modelward.core.source_audit import Spot, Spotted
from modelward.stores import installed
from modelward.stores.tree import Entry, open_target

if TYPE_CHECKING:
    from modelward.app.deps_places import Place
    from modelward.app.reading import Progress

_MOST = 64 << 20
"""Bytes of a document."""
_DOCUMENT = re.compile(r"uv\.lock|pylock(?:\.[^.]+)?\.toml|requirements[^/]*\.txt")
"""What is looked for in the folder of a project. Which of them a file is, its content says."""
_DISTRIBUTIONS = (".whl", ".tar.gz", ".zip")
"""What makes a folder a wheelhouse. Archives of other kinds are mostly something else."""
_EXPORT = "make uv.lock, pylock.toml or requirements.txt with hashes, and audit that"
_UNREAD = (
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "environment.yml",
    "environment.yaml",
    "conda-lock.yml",
    "conda-meta",
)
_DECLARED = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile")


class Gathered(NamedTuple):
    graph: Graph
    found: tuple[Spotted, ...]
    """What is wrong with the files themselves, whatever is known of the packages."""
    files: tuple[tuple[str, Blob], ...]
    """Each document and each wheel that was read."""
    notes: tuple[str, ...]
    """What the answer rests on and a reader should know: nothing that decides."""
    bundled: tuple[Bundled, ...]
    excluded: tuple[tuple[str, int], ...]
    """Each pattern of *exclude*, with the number of files that it left out."""
    approved: tuple[tuple[str, Blob], ...]
    """The wheels that others were compared with."""


def gather(
    targets: Sequence[str],
    progress: Progress | None = None,
    *,
    exclude: Sequence[str] = (),
    approved: str | None = None,
) -> Gathered:
    """All that *targets* name. Where there are locks among them, what lies in the environments and wheelhouses is
    compared with the hashes there. What *exclude* matches in a folder is left out, as open_target does. Wheels are
    compared with *approved*, a wheel or a folder of them.

    Raises UsageError for a target that is not there or names no packages, and ReadError for one that cannot be
    read."""
    run = _Run(exclude, approved)
    for done, target in enumerate(targets):
        if progress:
            progress(done, len(targets), target)
        before = run.size
        run.target(target)
        if run.size == before:
            run.gaps.append(gap(_label(target), 1, "it names no package", "see to it that it is the file you mean"))
    return run.result()


def _label(path: str) -> str:
    return escape_bytes(os.fsencode(path))


class _Run:
    def __init__(self, exclude: Sequence[str], approved: str | None) -> None:
        from modelward.app.deps_places import Exclusion

        self._exclusion = Exclusion(exclude)
        self._approved = None
        if approved is not None:
            from modelward.app.deps_wheels import Approved

            self._approved = Approved(approved)
        self._locked: list[Package] = []
        self._places: list[Place] = []
        self._indexes: list[tuple[Spot, str]] = []
        self._files: dict[str, Blob] = {}
        self._notes: list[str] = []
        self.gaps: list[Gap] = []

    @property
    def size(self) -> int:
        return len(self._locked) + sum(len(place.packages) for place in self._places) + len(self.gaps)

    def result(self) -> Gathered:
        there = [package for place in self._places for package in place.packages]
        copies = [package for place in self._places for package in place.copies]
        gaps = [*self.gaps, *(one for place in self._places for one in place.gaps)]
        found = [one for place in self._places for one in (*place.found, *rules_files.files(place.facts))]
        if self._locked:
            found += rules_files.against(self._locked, there)
        for place in self._places:
            if place.is_wheelhouse:
                found += rules_files.absent(self._locked, place.packages)
            self._files.update(place.files)
        bundled = tuple(one for place in self._places for one in place.bundled)
        if bundled:
            self._notes.append(f"{len(bundled):,} bundled libraries are listed, and no feed here covers them")
        graph = Graph((*self._locked, *there, *copies), tuple(dict.fromkeys(gaps)), tuple(self._indexes))
        if self._approved and not self._approved.is_asked:
            raise UsageError("--approved compares wheels, and there is none among the targets: give the new one")
        used = tuple(self._approved.used.items()) if self._approved else ()
        files, notes, excluded = tuple(self._files.items()), tuple(self._notes), self._exclusion.counts
        return Gathered(graph, tuple(found), files, notes, bundled, excluded, used)

    def target(self, target: str) -> None:
        if os.path.isdir(target):  # noqa: PTH112 (it never raises: what is wrong open_target says)
            self._folder(target)
            return
        tree = open_target(target)
        self._file(tree.entries[0].real, tree.label, target)

    def _file(self, real: bytes, label: str, target: str) -> None:
        try:
            kind = kind_of(installed.beginning(real))
            if isinstance(kind, Unexamined):
                self.gaps.append(Gap(Spot(label, 1, 1), kind))
            elif kind == "archive":
                self._wheels([(label, Entry("", real))], None)
            else:
                self._document(kind, real, label)
        except ReadError as error:
            raise ReadError(f"cannot read {target!r}: {error}") from error

    def _document(self, kind: Kind, real: bytes, label: str) -> None:
        read = installed.read_whole(real, _MOST)
        self._files[label] = read.blob
        if kind == "pylock":
            from modelward.checks.deps.inputs import pylock

            graph = pylock.read(read.raw, label)
        elif kind == "uv-lock":
            from modelward.checks.deps.inputs import uv_lock

            graph = uv_lock.read(read.raw, label)
        else:
            graph = requirements.read(read.raw, label, self._include)
            for file in dict.fromkeys(package.at.file for package in graph.packages if not package.is_hashed):
                said = "not every line has a hash, so that nothing shows that it names everything that is installed"
                self._notes.append(f"{file}: {said}")
        self._locked += graph.packages
        self._indexes += graph.indexes
        self.gaps += graph.gaps

    def _include(self, path: str, at: Spot) -> requirements.Included | Unexamined:
        """As pip finds it: from the folder of the file that names it."""
        name = os.path.normpath(Path(os.fsdecode(unescape_bytes(at.file))).parent / path)
        try:
            read = installed.read_whole(name, _MOST)
        except ReadError as error:
            return Unexamined(
                Location(None), f"{path!r}, which it includes, cannot be read: {error}", "restore that file"
            )
        label = _label(name)
        self._files[label] = read.blob
        return requirements.Included(label, read.raw)

    def _wheels(self, files: Iterable[tuple[str, Entry]], folder: str | None) -> None:
        from modelward.app.deps_wheels import wheelhouse

        self._places.append(wheelhouse(files, folder, self._exclusion, self._approved))

    def _folder(self, target: str) -> None:
        from modelward.app.deps_environments import environment

        label = _label(target).rstrip("/") or "/"
        names = installed.names(target)
        sites = installed.sites(target)
        for site in sites:
            self._places.append(
                environment(site, label if site.is_given else f"{label}/{site.folder}", self._exclusion)
            )
        documents = [name for name in names if _DOCUMENT.fullmatch(name)]
        wheels = [name for name in names if name.endswith(_DISTRIBUTIONS) and file_names.parse(name)]
        if wheels:
            tree = open_target(target)
            self._wheels([(f"{label}/{entry.path}", entry) for entry in tree.entries], label)
            self.gaps += [gap(f"{label}/{one.path}", 1, one.why, one.do) for one in tree.gaps]
        for name in documents:
            if not self._exclusion(_label(name), label):
                path = f"{target}/{name}"
                self._file(os.fsencode(os.path.realpath(path)), f"{label}/{_label(name)}", path)
        unread = [name for name in names if name in _UNREAD]
        self.gaps += [gap(f"{label}/{_label(name)}", 1, "this is not read", _EXPORT) for name in unread]
        if sites or wheels or documents or unread:
            return
        if not any(name in _DECLARED for name in names):
            raise UsageError(
                f"{target!r} has no lock, no package and no wheel in it: give an environment, a wheelhouse, or a "
                "folder with uv.lock, pylock.toml or requirements.txt"
            )
        self.gaps.append(gap(label, 1, "the project says what it needs, and has no lock of what it gets", _EXPORT))
