"""The gate: digest, evidence, policy and time in, verdict out. No I/O, no clock, no state.

Laws, tested as such: without evidence it denies; the order of evidence never matters; a denial
caused by a finding is never undone by more evidence; what is unexamined never allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from modelward.core.artifact import Blob, tree_digest
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.statement import Evidence
from modelward.core.verdict import UNEXAMINED, Decision, Need, Policy, Verdict, Waiver


def evaluate(subject: Digest, evidence: Iterable[Evidence], policy: Policy, now: datetime) -> Verdict:
    """*now* decides which waivers have expired. Evidence about other digests is not looked at."""
    relevant = [item for item in evidence if item.statement.subject == subject]
    unmet = [(need, why) for need in policy.needs if (why := _unmet(need, subject, relevant))]
    if not relevant and not unmet:
        unmet = [(Need("evidence", "", False, "a verdict rests on evidence"), "there is no evidence about it")]
    denied: set[Finding] = set()
    gaps: set[Unexamined] = set()
    waived: set[tuple[Finding | Unexamined, Waiver]] = set()
    everything: list[Finding | Unexamined] = []
    for item in relevant:
        everything += (*item.findings, *item.unexamined)
    for said in everything:
        if isinstance(said, Finding) and not _denies(said, policy):
            continue
        waiver = _waiver(said, subject, policy, now)
        if waiver is not None:
            waived.add((said, waiver))
        elif isinstance(said, Finding):
            denied.add(said)
        else:
            gaps.add(said)
    decision: Decision = "deny" if denied or unmet else "incomplete" if gaps else "allow"
    return Verdict(
        decision,
        tuple(sorted(denied, key=_finding_order)),
        tuple(sorted(unmet, key=lambda pair: pair[0].id)),
        tuple(sorted(gaps, key=lambda gap: (_place(gap.at), gap.why))),
        tuple(sorted(waived, key=lambda pair: (_place(pair[0].at), pair[1].rule))),
    )


def _unmet(need: Need, subject: Digest, evidence: list[Evidence]) -> str | None:
    """Why *need* is not met; None if it is."""
    found = [item for item in evidence if item.statement.predicate_type == need.predicate_type]
    if not found:
        return f"there is no statement of type {need.predicate_type} about it"
    if not need.covers_files:
        return None
    files = _files(subject, evidence)
    if files is None:
        return "no manifest lists its files, so it cannot be known that all were looked at"
    covered = frozenset(digest for item in found for digest in item.covers)
    missing = sorted(path for path, blob in files.items() if blob.digest not in covered)
    if missing:
        return f"{len(missing)} of {len(files)} files were not looked at, the first is {missing[0]!r}"
    return None if files else "it has no files"


def _files(subject: Digest, evidence: list[Evidence]) -> Mapping[str, Blob] | None:
    """The file list that *subject* is the digest of: recomputed, never believed."""
    for item in evidence:
        if item.files is None:
            continue
        lone = item.files.get("")
        if lone is not None and len(item.files) == 1 and lone.digest == subject:
            return item.files
        if tree_digest(item.files) == subject:
            return item.files
    return None


def _denies(finding: Finding, policy: Policy) -> bool:
    return finding.severity >= policy.deny_severity or finding.rule.id in policy.deny_rules


def _waiver(said: Finding | Unexamined, subject: Digest, policy: Policy, now: datetime) -> Waiver | None:
    rule = said.rule.id if isinstance(said, Finding) else UNEXAMINED
    content = said.at.blob or subject
    for waiver in policy.waivers:
        if waiver.rule == rule and waiver.digest == content and now.date() <= waiver.expires:
            return waiver
    return None


def _place(at: Location) -> tuple[str, tuple[str, ...], tuple[int, int]]:
    return str(at.blob or ""), at.inside, at.span or (-1, -1)


def _finding_order(finding: Finding) -> tuple[int, object, str, str, object]:
    return -finding.severity, _place(finding.at), finding.rule.id, finding.message, finding.evidence
