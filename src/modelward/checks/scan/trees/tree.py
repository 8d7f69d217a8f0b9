"""The files of a tree beside each other: what the rules that need names are given.

A new group of such rules is one line of GROUPS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from modelward.checks.scan.model import FileScan, TreeFinding
from modelward.checks.scan.trees.notes import Notes
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Location, Rule, Unexamined


@dataclass(frozen=True, slots=True)
class Tree:
    """Everything by escaped path."""

    files: Mapping[str, FileScan]
    notes: Mapping[str, Notes]
    digests: Mapping[str, Digest]


Group = Callable[[Tree], Iterator[TreeFinding]]


def finding(path: str, rule: Rule, message: str) -> TreeFinding:
    return TreeFinding(path, Finding(rule, Location(None), message))


def unexamined(path: str, why: str, do: str) -> TreeFinding:
    return TreeFinding(path, Unexamined(Location(None), why, do))


def examine_tree(tree: Tree) -> Iterator[TreeFinding]:
    from modelward.checks.scan.trees.rules_external import examine_external
    from modelward.checks.scan.trees.rules_names import examine_names
    from modelward.checks.scan.trees.rules_oci import examine_blobs
    from modelward.checks.scan.trees.rules_shards import examine_shards
    from modelward.checks.scan.trees.rules_tree import examine_code

    groups: tuple[Group, ...] = (examine_blobs, examine_code, examine_external, examine_names, examine_shards)
    if not tree.files:
        yield unexamined("", "there is no file to examine", "")
    for group in groups:
        yield from group(tree)
