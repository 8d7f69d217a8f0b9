"""Malicious code and unsafe structure in model files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from modelward.checks.scan import model
from modelward.checks.scan.model import PREDICATE_TYPE, FileScan, Scan
from modelward.checks.scan.pickle.callables import rules_version
from modelward.checks.scan.trees.notes import Notes
from modelward.core.artifact import Artifact, Blob
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Location, Rule, Unexamined
from modelward.core.limits import Limits


@dataclass(frozen=True, slots=True)
class Seen:
    """What was learnt while the files were read (walk.examine), by content."""

    files: Mapping[Digest, FileScan]
    notes: Mapping[str, Notes]
    """What each configuration says of other files, by its path: for the rules that connect files."""
    limits: Limits


class ScanCheck:
    """See core/check.py. The reading of bytes is walk.examine; here the results come together."""

    predicate_type = PREDICATE_TYPE

    @property
    def rules(self) -> Mapping[str, Rule]:
        from modelward.checks.scan.rules import RULES  # a scan needs only those of the formats it meets

        return RULES

    def examine(self, artifact: Artifact, given: Seen) -> Scan:
        files = {blob.digest: given.files[blob.digest] for blob in artifact.files.values()}
        if artifact.is_tree and len(files) > 1:
            files = {digest: beside_others(file) for digest, file in files.items()}
        digests = {path: blob.digest for path, blob in artifact.files.items()}
        if not artifact.is_tree:
            return Scan(files, (), rules_version(), given.limits)
        from modelward.checks.scan.trees.tree import Tree, examine_tree

        files |= _explained(files, digests)
        tree = Tree({path: files[digest] for path, digest in digests.items()}, given.notes, digests)
        return Scan(files, tuple(examine_tree(tree)), rules_version(), given.limits)

    def encode(self, predicate: Scan) -> dict[str, Any]:
        return model.encode(predicate)

    def decode(self, body: Mapping[str, Any]) -> Scan:
        return model.decode(body, self.rules)

    def read(self, predicate: Scan) -> Iterator[Finding | Unexamined]:
        """Everything said, each with the digest of its file; of the tree, with the path it is about."""
        for digest, file in sorted(predicate.files.items()):
            for finding in file.findings:
                yield replace(finding, at=replace(finding.at, blob=digest))
            for gap in file.unexamined:
                yield replace(gap, at=replace(gap.at, blob=digest))
        for entry in predicate.tree:
            yield replace(entry.said, at=Location(None, (entry.path,) if entry.path else ()))

    def files(self, predicate: Scan) -> Mapping[str, Blob] | None:
        return None

    def covers(self, predicate: Scan) -> frozenset[Digest]:
        return frozenset(predicate.files)


def beside_others(file: FileScan) -> FileScan:
    """An empty file is no gap where there is content beside it: docs/adr/0001."""
    return replace(file, unexamined=()) if file.formats == ("empty",) else file


def _explained(files: Mapping[Digest, FileScan], digests: Mapping[str, Digest]) -> dict[Digest, FileScan]:
    """The files that are numbers by what others say, under every name that they have."""
    if not any("unknown" in file.formats for file in files.values()):
        return {}
    from modelward.checks.scan.trees.rules_external import as_numbers, explained

    known = explained({path: files[digest] for path, digest in digests.items()})
    unexplained = {digest for path, digest in digests.items() if path not in known}
    return {digests[path]: as_numbers(files[digests[path]]) for path in known if digests[path] not in unexplained}


CHECK = ScanCheck()
