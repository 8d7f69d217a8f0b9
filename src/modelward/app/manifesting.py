"""The manifest of a target: hashed, and not examined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from modelward.app.contents import Progress, Remembered, path_inside, read_contents
from modelward.checks.manifest import CHECK, Listed
from modelward.core.artifact import file_artifact, tree_artifact
from modelward.core.errors import Malformed, ReadError
from modelward.core.statement import Statement
from modelward.stores.tree import LEFT_OUT, MOST_NAMES, Tree, open_target


class Made(NamedTuple):
    statement: Statement
    unreadable: tuple[tuple[str, str], ...]
    """(path, why): what is there and could not be hashed. The statement says so too."""


def manifest(
    target: str,
    *,
    exclude: Sequence[str] = (),
    output: str | None = None,
    remembered: Remembered | None = None,
    progress: Progress | None = None,
) -> Made:
    """The manifest of *target*. The file *output*, to which it will be written, is no part of it: made again it
    is the same. Raises UsageError and ReadError."""
    itself = path_inside(target, output) if output else None
    tree = open_target(target, exclude, MOST_NAMES, LEFT_OUT | {itself} if itself else LEFT_OUT)
    contents = read_contents(tree, remembered=remembered, progress=progress)
    if not tree.is_tree and contents.unreadable:
        raise ReadError(f"cannot read {tree.label!r}: {contents.unreadable['']}")
    blobs, unreadable = contents.blobs(), tuple(sorted(contents.unreadable.items()))
    artifact = tree_artifact(blobs, tree.label) if tree.is_tree else file_artifact(blobs[""], tree.label)
    made = CHECK.examine(artifact, listed(tree, unreadable, itself))
    return Made(Statement.make(artifact.digest, CHECK.predicate_type, CHECK.encode(made)), unreadable)


def is_manifest(raw: bytes) -> bool:
    try:
        return Statement.parse(raw).predicate_type == CHECK.predicate_type
    except Malformed:
        return False


def listed(tree: Tree, unreadable: tuple[tuple[str, str], ...], itself: str | None = None) -> Listed:
    links = tuple((link.path, link.target) for link in tree.links)
    left_out = tuple(path for path in tree.left_out if path != itself)
    return Listed(links, left_out, tree.excluded, unreadable)
