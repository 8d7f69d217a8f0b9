"""What the artifact consists of: the names, sizes and sha256 of its files.

The one statement that lists names. Its subject is the digest of exactly that list, so the gate can
recompute it and knows which contents a scan of the same artifact must have covered. It also names
what the digest does not bind: links that were followed, what was left out or excluded, and what
could not be read. It does not say that any content is harmless, or who made it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelward.checks.manifest import model
from modelward.checks.manifest.model import PREDICATE_TYPE, Manifest
from modelward.core.artifact import Artifact, Blob
from modelward.core.digest import Digest

if TYPE_CHECKING:
    from modelward.core.finding import Finding, Rule, Unexamined


@dataclass(frozen=True, slots=True)
class Listed:
    """What the walk over a target found beside its files; pairs are (path, target) and (path, why)."""

    links: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()


class ManifestCheck:
    """See core/check.py."""

    predicate_type = PREDICATE_TYPE
    rules: Mapping[str, Rule] = {}

    def examine(self, artifact: Artifact, given: Listed) -> Manifest:
        return Manifest(artifact.files, given.links, given.left_out, given.excluded, given.unreadable)

    def encode(self, predicate: Manifest) -> dict[str, Any]:
        return model.encode(predicate)

    def decode(self, body: Mapping[str, Any]) -> Manifest:
        return model.decode(body)

    def read(self, predicate: Manifest) -> Iterator[Finding | Unexamined]:
        return model.read(predicate)

    def files(self, predicate: Manifest) -> Mapping[str, Blob]:
        return predicate.files

    def covers(self, predicate: Manifest) -> frozenset[Digest]:
        return frozenset()


CHECK = ManifestCheck()
