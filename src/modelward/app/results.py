"""What a run found, put together for those who report it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from modelward.app.reading import Examined
from modelward.checks.scan.model import Scan
from modelward.core.artifact import Artifact
from modelward.core.digest import Digest
from modelward.core.evidence import SCHEME, Evidence
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.result import CheckResult, Coverage, Place, Reason, Refused, ScanResult, Waived, place_order
from modelward.core.verdict import UNEXAMINED, Policy, Verdict


def scan_result(examined: Examined, scanned: Scan) -> ScanResult:
    artifact = examined.artifact
    found: list[Place] = []
    gaps: list[Place] = []
    formats: Counter[str] = Counter()
    for path, blob in artifact.files.items():
        file = scanned.files[blob.digest]
        formats[file.formats[0]] += 1
        found += (Place(path, finding) for finding in file.findings)
        gaps += (Place(path, gap) for gap in file.unexamined)
    for entry in scanned.tree:
        (found if isinstance(entry.said, Finding) else gaps).append(Place(entry.path, entry.said))
    remedies = {gap.path: gap.do for gap in examined.tree.gaps}
    for path, why in examined.unreadable:
        gaps.append(Place(path, Unexamined(Location(None), why, remedies.get(path, ""))))
    sizes = {path: blob.size for path, blob in artifact.files.items()}
    return ScanResult(
        label=artifact.label,
        digest=artifact.digest,
        is_tree=artifact.is_tree,
        findings=tuple(sorted(found, key=place_order)),
        unexamined=tuple(sorted(gaps, key=place_order)),
        coverage=Coverage(
            len(sizes) + len(examined.unreadable),
            sum(sizes.values()),
            sum(scanned.files[blob.digest].examined for blob in artifact.files.values()),
            tuple(sorted(formats.items())),
        ),
        digests={path: blob.digest for path, blob in artifact.files.items()},
        sizes=sizes,
        rules=scanned.rules,
        excluded=examined.tree.excluded,
        left_out=examined.tree.left_out,
        defects=examined.defects,
    )


def check_result(
    scanned: ScanResult,
    artifact: Artifact,
    verdict: Verdict,
    policy: Policy,
    evidence: Sequence[Evidence],
    refused: tuple[Refused, ...] = (),
) -> CheckResult:
    paths: dict[Digest, list[str]] = {}
    for path, blob in artifact.files.items():
        paths.setdefault(blob.digest, []).append(path)
    reasons = [
        Reason(finding.rule.id, "rule", path, finding.message)
        for finding in verdict.denied
        for path in _paths(finding, paths)
    ]
    reasons += [Reason(need.id, "need", "", why) for need, why in verdict.unmet]
    reasons += [Reason(UNEXAMINED, "need", path, gap.why) for gap in verdict.unexamined for path in _paths(gap, paths)]
    unread = [place for place in scanned.unexamined if place.file not in scanned.digests]
    remedies = {place.file: place.said.do for place in unread if isinstance(place.said, Unexamined)}
    waived = tuple(
        Waived(Place(path, _in_file(said, remedies.get(path, ""))), waiver.expires.isoformat(), waiver.reason)
        for said, waiver in verdict.waived
        for path in _paths(said, paths)
    )
    said: list[Finding | Unexamined] = [*verdict.unexamined]
    for item in evidence:
        if item.signed_by:
            said += (*item.findings, *item.unexamined)
    scanned = _with(scanned, said, paths, remedies)
    made = tuple(
        (item.statement.predicate_type, Digest("sha256", hashlib.sha256(item.statement.raw).hexdigest()))
        for item in evidence
    )
    return CheckResult(scanned, verdict.decision, policy.name, policy.digest, tuple(reasons), waived, (), made, refused)


def _with(
    scanned: ScanResult,
    words: Iterable[Finding | Unexamined],
    paths: Mapping[Digest, list[str]],
    remedies: Mapping[str, str],
) -> ScanResult:
    """With what is said besides, by statements made elsewhere or of them: no verdict rests on what the report
    does not name."""
    added: dict[type, dict[Place, None]] = {Finding: {}, Unexamined: {}}
    for word in words:
        places = (Place(path, _in_file(word, remedies.get(path, ""))) for path in _paths(word, paths))
        added[type(word)].update(dict.fromkeys(places))
    for known in (*scanned.findings, *scanned.unexamined):
        added[type(known.said)].pop(known, None)
    return replace(
        scanned,
        findings=tuple(sorted((*scanned.findings, *added[Finding]), key=place_order)),
        unexamined=tuple(sorted((*scanned.unexamined, *added[Unexamined]), key=place_order)),
    )


def _in_file(said: Finding | Unexamined, remedy: str) -> Finding | Unexamined:
    """As the scan of the file says it: without the digest, without the path in a tree's words, and with
    the remedy, which no manifest has."""
    if said.at.blob is not None or _is_foreign(said):
        at = replace(said.at, blob=None)
    else:
        at = Location(None)
    if isinstance(said, Finding):
        return replace(said, at=at)
    return replace(said, at=at, do=said.do or remedy)


def _paths(said: Finding | Unexamined, paths: Mapping[Digest, list[str]]) -> list[str]:
    """The files that something is said about: those of that content, or the path of a tree finding."""
    if said.at.blob is not None:
        return paths.get(said.at.blob, [""])
    return [said.at.inside[0] if said.at.inside and not _is_foreign(said) else ""]


def _is_foreign(said: Finding | Unexamined) -> bool:
    """Whether its place is a statement made elsewhere, and no path."""
    return bool(said.at.inside) and said.at.inside[0].startswith(SCHEME)
