"""What an artifact was made of, and how: the provenance of a conversion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelward import __version__
from modelward.checks.build import model
from modelward.checks.build.model import PREDICATE_TYPE, Conversion, Part
from modelward.core.artifact import Artifact, Blob
from modelward.core.digest import Digest

if TYPE_CHECKING:
    from modelward.core.finding import Finding, Rule, Unexamined


@dataclass(frozen=True, slots=True)
class Made:
    """What was converted, and proved file by file (compare.compare)."""

    inputs: Mapping[str, Blob]
    parts: tuple[Part, ...]


class BuildCheck:
    """See core/check.py. The comparing of bytes is compare.compare; here the results come together."""

    predicate_type = PREDICATE_TYPE
    rules: Mapping[str, Rule] = {}

    def examine(self, artifact: Artifact, given: Made) -> Conversion:
        return Conversion(given.inputs, artifact.files, given.parts, __version__)

    def encode(self, predicate: Conversion) -> dict[str, Any]:
        return model.encode(predicate)

    def decode(self, body: Mapping[str, Any]) -> Conversion:
        return model.decode(body)

    def read(self, predicate: Conversion) -> Iterator[Finding | Unexamined]:
        """Nothing: what was left out is not in the artifact, and what is in it was compared."""
        return iter(())

    def files(self, predicate: Conversion) -> Mapping[str, Blob]:
        return predicate.outputs

    def covers(self, predicate: Conversion) -> frozenset[Digest]:
        """None: where numbers come from says nothing of what they do."""
        return frozenset()


CHECK = BuildCheck()
