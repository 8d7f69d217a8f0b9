"""Shards of one model: what the index names against what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.model import TreeFinding
from modelward.checks.scan.trees.tree import Tree, finding, unexamined
from modelward.core.finding import Rule, Severity

_SPEC = "https://huggingface.co/docs/transformers/big_models"

UNLISTED_SHARD = Rule(
    "unlisted-shard",
    Severity.MEDIUM,
    "a shard is named by no index beside it",
    "Loaders that take every file of the pattern read it, loaders that go by the index do not: two models in one "
    "folder, of which one was tested.",
    "Remove it, or get the index that names it from the publisher.",
    ("CWE-436", _SPEC),
)
SHARD_ESCAPE = Rule(
    "shard-path-escape",
    Severity.HIGH,
    "an index names a shard outside its folder",
    "A loader joins the name to the folder of the index, and then reads a file that the model did not bring, or "
    "fetches it.",
    "Do not load it; tell whoever published it.",
    ("CWE-22", "CWE-829", _SPEC),
)

_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.[\w.]+)", re.DOTALL)
_OUTSIDE = re.compile(r"/|\\|[A-Za-z][A-Za-z0-9+.-]*:|\0|.*(?:^|[/\\])\.\.(?:[/\\]|$)", re.DOTALL)


def examine_shards(tree: Tree) -> Iterator[TreeFinding]:
    listed: set[str] = set()
    for where, notes in sorted(tree.notes.items()):
        if notes.shards.problem:
            yield unexamined(where, notes.shards.problem, "look at it")
        folder = where.rpartition("/")[0]
        paths = {name: f"{folder}/{name}" if folder else name for name in notes.shards.names}
        listed.update(paths.values())
        missing = [path for name, path in sorted(paths.items()) if path not in tree.files and not _OUTSIDE.match(name)]
        if missing:
            more = f" (and {len(missing) - 1:,} more)" if missing[1:] else ""
            yield unexamined(
                where, f"it names the shard {missing[0]}{more}, which is not here", "download what is missing"
            )
        for name in paths:
            if _OUTSIDE.match(name):
                yield finding(where, SHARD_ESCAPE, f"{where} names the shard {name}")
                break
    yield from _unlisted(tree, listed)


def _unlisted(tree: Tree, listed: set[str]) -> Iterator[TreeFinding]:
    """Only beside shards that are listed: where there is no index, nothing says how many there are."""
    families = {_family(path) for path in listed} - {None}
    for path in sorted(set(tree.files) - listed):
        if _family(path) in families:
            yield finding(path, UNLISTED_SHARD, f"{path} looks like a shard, and no index names it")


def _family(path: str) -> tuple[str, str] | None:
    """What shards of one model have in common; their number may be the lie."""
    shard = _SHARD.fullmatch(path)
    return (shard[1], shard[4]) if shard else None


RULES: tuple[Rule, ...] = (UNLISTED_SHARD, SHARD_ESCAPE)
