"""The gate: digest, evidence, policy and time in, verdict out. No I/O, no clock, no state.

Laws, tested as such: without evidence it denies; the order of evidence never matters; a denial
caused by a finding is never undone by more evidence; what is unexamined never allows; a tree
without files is never allowed; a signature of files covers a file under its own name alone; a statement about
a part meets no need but in the files that it covers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime
from itertools import chain

from modelward.core.artifact import Blob, tree_digest
from modelward.core.dependency_policy import accepted
from modelward.core.digest import Digest
from modelward.core.evidence import Evidence
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.verdict import UNEXAMINED, Decision, Need, Policy, Signer, Verdict, Waiver

_NO_FILES = tree_digest({})


def evaluate(subject: Digest, evidence: Iterable[Evidence], policy: Policy, now: datetime) -> Verdict:
    """*now* decides which waivers have expired. Evidence about other digests is not looked at."""
    relevant = [item for item in evidence if _is_about(item, subject)]
    needs = [(need, _look(need, relevant, policy.signers, now)) for need in policy.needs]
    unmet = [(need, found) for need, found in needs if isinstance(found, str)]
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
    everything += [gap for _, found in needs if not isinstance(found, str) for gap in found]
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


def _look(
    need: Need, evidence: list[Evidence], signers: Iterable[Signer], now: datetime
) -> str | tuple[Unexamined, ...]:
    """Why *need* is not met; or, if it is, what the statements that meet it say nothing of by their own words."""
    counted = frozenset(signer.name for signer in signers if _counts(signer, need, now))
    found = [
        item
        for item in evidence
        if item.statement.predicate_type == need.predicate_type and (need.covers_files or not item.in_part)
    ]
    if not found:
        return f"there is no statement of type {need.predicate_type} about it"
    # what was made in this run nobody has signed, and needs nobody's signature unless the policy wants one
    found = [item for item in found if _signed(item, counted) or not (item.signed_by or need.signatures)]
    if not found or _signers(found, counted) < need.signatures:
        wanted = need.signatures or 1
        return (
            f"{_signers(found, counted)} of {wanted} trusted signers whom it needs have signed a statement of its type"
        )
    return _cover(need, found, evidence, counted) if need.covers_files else ()


def _cover(
    need: Need, found: list[Evidence], evidence: list[Evidence], counted: Set[str]
) -> str | tuple[Unexamined, ...]:
    files = next((item.files for item in evidence if item.files is not None), None)
    if files is None:
        return "no manifest lists its files, so it cannot be known that all were looked at"
    if not files:
        return "it has no files"
    missing = _uncovered(files, found, need.signatures, counted)
    left_out = frozenset(path for item in found for path in item.left_out)
    forgotten = [path for path in missing if path not in left_out]
    if forgotten:
        by = f" by {need.signatures} of the signers" if need.signatures > 1 else ""
        what = "are not covered" if need.signatures else "were not looked at"
        return f"{len(forgotten)} of {len(files)} files {what}{by}, the first is {forgotten[0]!r}"
    why = "no signature covers it: the format or the signer leaves it out"
    return tuple(
        Unexamined(Location(files[path].digest), why, "remove it, or waive it in the policy") for path in missing
    )


def _uncovered(files: Mapping[str, Blob], found: list[Evidence], signatures: int, counted: Set[str]) -> list[str]:
    """The paths that fewer than *signatures* of the signers have covered, or nobody: a statement about a content
    covers it wherever it lies, a signature of files covers it under the name that was signed alone."""
    holders: dict[Digest | tuple[str, Digest], set[int]] = {}
    for number, item in enumerate(found):
        listed = ((path, blob.digest) for path, blob in (item.files or {}).items())
        for covered in chain[Digest | tuple[str, Digest]](item.covers, item.names.items(), listed):
            holders.setdefault(covered, set()).add(number)
    enough: dict[frozenset[int], bool] = {frozenset(): False}
    missing = []
    for path, blob in files.items():
        by = frozenset(holders.get(blob.digest, set()) | holders.get((path, blob.digest), set()))
        if by not in enough:
            enough[by] = _signers([found[number] for number in by], counted) >= signatures
        if not enough[by]:
            missing.append(path)
    return sorted(missing)


def _signed(item: Evidence, counted: Set[str]) -> bool:
    return any(name in counted for name, _ in item.signed_by)


def _signers(items: Iterable[Evidence], counted: Set[str]) -> int:
    return _different((name, key) for item in items for name, key in item.signed_by if name in counted)


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
    return _ignored(said, subject, policy, now) if isinstance(said, Finding) else None


def _ignored(finding: Finding, subject: Digest, policy: Policy, now: datetime) -> Waiver | None:
    """What the policy accepts of packages, whatever whoever audited them accepted."""
    ignore = accepted(finding, policy.dependencies.ignores, now.astimezone(UTC).date())
    return None if ignore is None else Waiver(finding.rule.id, subject, ignore.expires, ignore.reason)


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
