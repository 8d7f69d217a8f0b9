"""Reading a target once: every file is hashed while it is examined."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelward.app.one_file import Job, Read, Reader, Unread
from modelward.checks import scan as scan_check
from modelward.checks.scan.model import FileScan
from modelward.checks.scan.trees.notes import TOO_MANY, Notes
from modelward.core.artifact import Artifact, Blob, file_artifact, tree_artifact
from modelward.core.digest import Digest
from modelward.core.errors import Defect, ReadError
from modelward.core.limits import Limits
from modelward.stores.files import identity_of
from modelward.stores.tree import Entry, Tree, open_target

if TYPE_CHECKING:
    from modelward.app.cached import Known
    from modelward.stores.cache import Kept

_PATIENCE = 0.5
"""Seconds of work after which the rest is shared. Starting a worker takes about 0.2."""
_LARGE = 256_000_000

Progress = Callable[[int, int, str], None]
"""Called before each file with the number of files done, their total and the path."""


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything that reading a target once has shown."""

    tree: Tree
    artifact: Artifact
    seen: scan_check.Seen
    unreadable: tuple[tuple[str, str], ...]
    """(path, why): files that were there and could not be read, or changed meanwhile."""
    defects: tuple[str, ...] = ()
    """Those of them that modelward failed on, by path."""


@dataclass(frozen=True, slots=True)
class How:
    """How the work is done. Nothing of it changes what comes out."""

    jobs: int = 1
    """Processes that may read at the same time."""
    known: Known | None = None
    """Results of earlier runs."""
    trust_stat: bool = False
    """A file that the system calls unchanged is not read again; one whose times were set back is missed."""


ALONE = How()


def _is_configuration(entry: Entry) -> bool:
    """Whether its name makes loaders take it for JSON. A lone file has none."""
    return entry.path.lower().endswith(".json")


def examine_target(target: str, exclude: Sequence[str], progress: Progress | None, how: How = ALONE) -> Examined:
    limits = Limits()
    tree = open_target(target, exclude, limits.entries)
    reader = Reader(limits, how.known, how.trust_stat)
    outcomes = _outcomes(tree, reader, progress, how)
    blobs: dict[str, Blob] = {}
    scans: dict[Digest, FileScan] = {}
    configurations: dict[str, Notes] = {}
    unreadable = [(gap.path, gap.why) for gap in tree.gaps]
    defects = []
    for entry in tree.entries:
        outcome = outcomes[entry.real]
        if isinstance(outcome, Unread):
            if not tree.is_tree:
                raise (Defect if outcome.is_defect else ReadError)(f"cannot read {tree.label!r}: {outcome.why}")
            unreadable.append((entry.path, outcome.why))
            defects += [entry.path] * outcome.is_defect
            continue
        blobs[entry.path] = outcome.blob
        scans[outcome.blob.digest] = outcome.scan
        if outcome.notes is not None and _is_configuration(entry):
            too_many = len(configurations) >= limits.findings
            configurations[entry.path] = TOO_MANY if too_many else outcome.notes
    artifact = tree_artifact(blobs, tree.label) if tree.is_tree else file_artifact(blobs[""], tree.label)
    seen = scan_check.Seen(scans, configurations, limits)
    return Examined(tree, artifact, seen, tuple(sorted(unreadable)), tuple(defects))


def _outcomes(tree: Tree, reader: Reader, progress: Progress | None, how: How) -> dict[bytes, Read | Unread]:
    """Of every file, once for all the names that lead to it."""
    noted = {entry.real for entry in tree.entries if _is_configuration(entry)}
    jobs: dict[bytes, Job] = {}
    for entry in tree.entries:
        jobs.setdefault(entry.real, Job(entry.path, entry.real, entry.real in noted))
    outcomes: dict[bytes, Read | Unread] = {}
    news: list[Kept] = []

    def begun() -> Iterator[Job]:
        for job in jobs.values():
            if progress is not None:
                progress(len(outcomes), len(jobs), job.path)
            yield job

    try:
        for job, outcome in _read_all(begun(), reader, how.jobs, jobs):
            outcomes[job.real] = outcome
            if isinstance(outcome, Read) and outcome.news:
                news.append(outcome.news)
    finally:
        if how.known:
            how.known.keep(news)  # what was done before a Ctrl-C, too
    return outcomes


def _read_all(
    jobs: Iterator[Job], reader: Reader, most: int, paths: Iterable[bytes]
) -> Iterator[tuple[Job, Read | Unread]]:
    """By this process; by *most* others where there is enough to do to start them. The clock decides who
    does the work, and nothing else."""
    began = time.monotonic()
    share = most > 1 and _are_large(paths)
    while not share and (job := next(jobs, None)):
        yield job, reader.recall(job) or reader.read(job)
        share = most > 1 and time.monotonic() - began > _PATIENCE
    if share:
        from modelward.app.workers import read_all

        yield from read_all(jobs, reader, most)


def _are_large(paths: Iterable[bytes]) -> bool:
    """Whether there are several files that take long to read, or seem to."""
    sizes = [identity.size for path in paths if (identity := identity_of(path))]
    return len(sizes) > 1 and sum(sizes) - max(sizes) >= _LARGE
