"""Dependencies: what a lock, an environment or a wheel names, held against advisories and a policy.

A package that could not be looked up is unknown, which is never a pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from modelward.core.artifact import Artifact, Blob
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Location, Rule, Unexamined

if TYPE_CHECKING:
    from modelward.checks.deps.model import Said
    from modelward.core.dependency_audit import DependencyAudit
    from modelward.core.dependency_policy import DependencyPolicy

PREDICATE_TYPE = "urn:modelward:predicate:deps:1"


@dataclass(frozen=True, slots=True)
class Audited:
    """What judge.audit said, and by which question."""

    audit: DependencyAudit
    policy: DependencyPolicy
    when: datetime


class DepsCheck:
    """See core/check.py. The audit itself is judge.audit; here it becomes a statement and is read again."""

    predicate_type = PREDICATE_TYPE

    @property
    def rules(self) -> Mapping[str, Rule]:
        from modelward.checks.deps.all_rules import RULES

        return RULES

    def examine(self, artifact: Artifact, given: Audited) -> Said:
        from modelward.checks.deps import model

        return model.said(given.audit, given.policy, given.when)

    def encode(self, predicate: Said) -> Mapping[str, Any]:
        return predicate.body

    def decode(self, body: Mapping[str, Any]) -> Said:
        from modelward.checks.deps import model

        return model.decode(body, self.rules)

    def read(self, predicate: Said) -> Iterator[Finding | Unexamined]:
        """Each with the file and the line that it is about as its place. What was left out is a gap here: whoever
        audits may leave out what they like, and a policy need not follow."""
        for at, said in (*predicate.findings, *predicate.unexamined):
            yield replace(said, at=Location(None, (f"{at.file}:{at.line}",) if at.file else ()))
        for one in predicate.body["excluded"]:
            if one["files"]:
                yield Unexamined(Location(None), f"{one['files']:,} files were left out of the audit: {one['pattern']}")

    def files(self, predicate: Said) -> Mapping[str, Blob] | None:
        return None

    def covers(self, predicate: Said) -> frozenset[Digest]:
        return predicate.inputs


CHECK = DepsCheck()
