"""Reading a target once: every file is hashed while it is examined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from modelward.checks import scan as scan_check
from modelward.checks.scan.model import FileScan
from modelward.checks.scan.notes import TOO_MANY, Notes, notes_of
from modelward.checks.scan.walk import examine
from modelward.core.artifact import Artifact, Blob, file_artifact, tree_artifact
from modelward.core.digest import Digest
from modelward.core.errors import ReadError
from modelward.core.limits import Limits
from modelward.stores.files import FileSource
from modelward.stores.tree import Entry, Tree, open_target

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


Look = Callable[[FileSource, Limits], FileScan | None]


def hash_only(source: FileSource, limits: Limits) -> None:
    return None


def _is_configuration(entry: Entry) -> bool:
    """Whether its name makes loaders take it for JSON. A lone file has none."""
    return entry.path.lower().endswith(".json")


def examine_target(target: str, exclude: Sequence[str], progress: Progress | None, look: Look = examine) -> Examined:
    limits = Limits()
    tree = open_target(target, exclude, limits)
    blobs: dict[str, Blob] = {}
    scans: dict[Digest, FileScan] = {}
    configurations: dict[str, Notes] = {}
    noted = {entry.real for entry in tree.entries if _is_configuration(entry)}
    unreadable = [(gap.path, gap.why) for gap in tree.gaps]
    read: dict[bytes, tuple[Blob, Notes | None]] = {}
    for done, entry in enumerate(tree.entries):
        if progress is not None:
            progress(done, len(tree.entries), entry.path)
        try:
            if entry.real not in read:
                with FileSource(entry.real) as source:
                    found = look(source, limits)
                    notes = notes_of(source) if found and entry.real in noted else None
                    blob = source.finish()
                if notes and len(configurations) >= limits.findings:
                    notes = TOO_MANY
                if found is not None:
                    scans[blob.digest] = found
                read[entry.real] = blob, notes
            blob, notes = read[entry.real]
        except ReadError as error:
            if not tree.is_tree:
                raise ReadError(f"cannot read {tree.label!r}: {error}") from error
            unreadable.append((entry.path, str(error)))
            continue
        blobs[entry.path] = blob
        if notes is not None and _is_configuration(entry):
            configurations[entry.path] = notes
    artifact = tree_artifact(blobs, tree.label) if tree.is_tree else file_artifact(blobs[""], tree.label)
    return Examined(tree, artifact, scan_check.Seen(scans, configurations, limits), tuple(sorted(unreadable)))
