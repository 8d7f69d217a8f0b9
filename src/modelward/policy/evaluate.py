"""The gate: digest, evidence, policy and time in, verdict out. No I/O, no clock, no state.

Laws, tested as such: without evidence it denies; the order of evidence never matters; a denial
caused by a finding is never undone by more evidence; what is unexamined never allows; a tree
without files is never allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from modelward.core.artifact import tree_digest
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.statement import Evidence
from modelward.core.verdict import UNEXAMINED, Decision, Need, Policy, Signer, Verdict, Waiver

_NO_FILES = tree_digest({})


def evaluate(subject: Digest, evidence: Iterable[Evidence], policy: Policy, now: datetime) -> Verdict:
    """*now* decides which waivers have expired. Evidence about other digests is not looked at."""
    relevant = [item for item in evidence if _is_about(item, subject)]
    unmet = [(need, why) for need in policy.needs if (why := _unmet(need, relevant, policy.signers, now))]
    if not relevant and not unmet:
        unmet = [(Need("evidence", "", False, "a verdict rests on evidence"), "there is no evidence about it")]
    if subject == _NO_FILES and not unmet:
        unmet = [(Need("files", "", False, "a verdict is about files"), "it has no files")]
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
        tuple(sorted(gaps, key=_gap_order)),
        tuple(sorted(waived, key=_waived_order)),
    )


def evaluate_part(findings: Iterable[Finding], gaps: Iterable[Unexamined], policy: Policy) -> Verdict:
    """What is known of content of which only parts were read, so that no statement can be about it: never
    an allow. Nothing is waived, since a waiver is about a digest."""
    denied = {finding for finding in findings if _denies(finding, policy)}
    decision: Decision = "deny" if denied else "incomplete"
    return Verdict(
        decision, tuple(sorted(denied, key=_finding_order)), (), tuple(sorted(set(gaps), key=_gap_order)), ()
    )


def _is_about(item: Evidence, subject: Digest) -> bool:
    """A list of files is about the digest that it gives, whatever its statement says: recomputed, never believed."""
    if item.statement.subject != subject or item.files is None:
        return item.statement.subject == subject
    lone = item.files.get("")
    return subject == (lone.digest if lone is not None and len(item.files) == 1 else tree_digest(item.files))


def _unmet(need: Need, evidence: list[Evidence], signers: Iterable[Signer], now: datetime) -> str | None:
    """Why *need* is not met; None if it is."""
    found = [item for item in evidence if item.statement.predicate_type == need.predicate_type]
    if not found:
        return f"there is no statement of type {need.predicate_type} about it"
    if need.signatures:
        counted = frozenset(signer.name for signer in signers if _counts(signer, need, now))
        found = [item for item in found if any(name in counted for name, _ in item.signed_by)]
        number = _different((name, key) for item in found for name, key in item.signed_by if name in counted)
        if number < need.signatures:
            return f"{number} of {need.signatures} trusted signers whom it needs have signed a statement of its type"
    if not need.covers_files:
        return None
    files = next((item.files for item in evidence if item.files is not None), None)
    if files is None:
        return "no manifest lists its files, so it cannot be known that all were looked at"
    covered = frozenset(digest for item in found for digest in item.covers)
    missing = sorted(path for path, blob in files.items() if blob.digest not in covered)
    if missing:
        return f"{len(missing)} of {len(files)} files were not looked at, the first is {missing[0]!r}"
    return None if files else "it has no files"


def _counts(signer: Signer, need: Need, now: datetime) -> bool:
    day = now.astimezone(UTC).date()
    is_meant = need.predicate_type in signer.predicates and (not need.signers or signer.name in need.signers)
    return is_meant and (signer.since or day) <= day <= (signer.until or day)


def _different(signatures: Iterable[tuple[str, str]]) -> int:
    """How many signers there are at least, who differ in name and key both: neither two names for one key
    nor two keys of one name make two. The largest matching of names and keys (Kuhn 1955)."""
    keys: dict[str, set[str]] = {}
    for name, key in signatures:
        keys.setdefault(name, set()).add(key)
    holder: dict[str, str] = {}

    def place(name: str, tried: set[str]) -> bool:
        for key in sorted(keys[name] - tried):
            tried.add(key)
            if key not in holder or place(holder[key], tried):
                holder[key] = name
                return True
        return False

    return sum(place(name, set()) for name in sorted(keys))


def _denies(finding: Finding, policy: Policy) -> bool:
    return finding.severity >= policy.deny_severity or finding.rule.id in policy.deny_rules


def _waiver(said: Finding | Unexamined, subject: Digest, policy: Policy, now: datetime) -> Waiver | None:
    rule = said.rule.id if isinstance(said, Finding) else UNEXAMINED
    content = said.at.blob or subject
    file = ""
    if rule == UNEXAMINED and content.algorithm == "sha3_256":
        file = said.at.inside[0] if said.at.inside else "."
    for waiver in policy.waivers:
        is_meant = (waiver.rule, waiver.digest, waiver.file) == (rule, content, file)
        if is_meant and now.astimezone(UTC).date() <= waiver.expires:
            return waiver
    return None


def _place(at: Location) -> tuple[str, tuple[str, ...], tuple[int, int]]:
    return str(at.blob or ""), at.inside, at.span or (-1, -1)


def _finding_order(finding: Finding) -> tuple[int, object, str, str, object]:
    return -finding.severity, _place(finding.at), finding.rule.id, finding.message, finding.evidence


def _gap_order(gap: Unexamined) -> tuple[object, str, str]:
    return _place(gap.at), gap.why, gap.do


def _waived_order(pair: tuple[Finding | Unexamined, Waiver]) -> tuple[object, ...]:
    said, waiver = pair
    rest = (said.message, said.evidence) if isinstance(said, Finding) else (said.why, said.do)
    return _place(said.at), waiver.rule, *rest
