"""What a check is: one kind of statement about a digest, made and read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeVar

from modelward.core.artifact import Artifact, Blob
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Rule, Unexamined

P = TypeVar("P")
Given = TypeVar("Given", contravariant=True)


class Check(Protocol[P, Given]):
    """All checks have this shape, so that the app and the gate need to know none of them."""

    predicate_type: str

    @property
    def rules(self) -> Mapping[str, Rule]: ...

    def examine(self, artifact: Artifact, given: Given) -> P:
        """Make the predicate."""

    def encode(self, predicate: P) -> Mapping[str, Any]: ...

    def decode(self, body: Mapping[str, Any]) -> P:
        """Strict: raises Malformed for anything that encode would not have written."""

    def read(self, predicate: P) -> Iterator[Finding | Unexamined]:
        """What the gate sees of it."""

    def files(self, predicate: P) -> Mapping[str, Blob] | None:
        """Names and contents, if it lists them."""

    def covers(self, predicate: P) -> frozenset[Digest]:
        """Contents that were looked at."""
