"""Results as canonical JSON (RFC 8785): the same result always gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelward.core import canonical
from modelward.core.finding import Finding, Location, Severity
from modelward.core.remote import Remote
from modelward.core.result import CheckResult, Failure, Place, Reason, Report, ScanResult, Waived
from modelward.report.escape import sound


def render(reports: Sequence[Report], fail_on: Severity = Severity.MEDIUM) -> bytes:
    """One object for one target, an array in their order for several; ends with a line break."""
    bodies = [_report(report, fail_on) for report in reports]
    return canonical.encode(bodies[0] if len(bodies) == 1 else bodies) + b"\n"


def _report(report: Report, fail_on: Severity) -> dict[str, Any]:
    if isinstance(report, Failure):
        return {"schema": "modelward/error/1", "error": sound(report.why)}
    return _check(report) if isinstance(report, CheckResult) else _scan(report, fail_on)


def _check(check: CheckResult) -> dict[str, Any]:
    body = _scan(check.scan, Severity.MEDIUM) | {
        "schema": "modelward/check/1",
        "decision": check.decision,
        "policy": {"name": sound(check.policy_name), "digest": check.policy_digest.to_json()},
        "reasons": [_reason(reason) for reason in check.reasons],
        "statements": [{"predicate_type": kind, "digest": digest.to_json()} for kind, digest in check.statements],
    }
    if check.refused:
        body["refused"] = [{"file": sound(each.file), "why": sound(each.why)} for each in check.refused]
    # only where there is one: an allow despite a finding must say what it rests on
    return body | {"waived": [_waived(waiver) for waiver in check.waived]} if check.waived else body


def _scan(scan: ScanResult, fail_on: Severity) -> dict[str, Any]:
    coverage = scan.coverage
    # only where there are any
    more: dict[str, Any] = {"baselined": [_said(place) for place in scan.baselined]} if scan.baselined else {}
    if scan.defects:
        more["defects"] = [sound(file) for file in scan.defects]
    if scan.remote:
        more["remote"] = _remote(scan.remote)
    return more | {
        "schema": "modelward/scan/1",
        "digest": scan.digest.to_json() if scan.digest else None,
        "outcome": scan.outcome(fail_on),
        "findings": [_said(place) for place in scan.findings],
        "unexamined": [_said(place) for place in scan.unexamined],
        "coverage": {
            "files": canonical.integer(coverage.files),
            "bytes": canonical.integer(coverage.bytes),
            "examined_bytes": canonical.integer(coverage.examined_bytes),
            **({"coverage": "partial" if scan.is_partial else "full"} if scan.remote else {}),
        },
        "rules": sound(scan.rules),
    }


def _remote(remote: Remote) -> dict[str, Any]:
    files = {
        sound(path): {
            "url": sound(held.url),
            "pin": sound(held.pin),
            "claim": sound(held.claim) or None,
            "verified": held.is_verified,
        }
        for path, held in remote.files.items()
    }
    return {
        "requests": canonical.integer(remote.requests),
        "fetched_bytes": canonical.integer(remote.fetched),
        "commit": sound(remote.commit) or None,
        "files": files,
    }


def _said(place: Place) -> dict[str, Any]:
    said = place.said
    if not isinstance(said, Finding):
        return {"file": sound(place.file), "inside": _inside(said.at), "why": sound(said.why)}
    span = said.at.span
    return {
        "rule": said.rule.id,
        "severity": str(said.severity),
        "file": sound(place.file),
        "inside": _inside(said.at),
        "span": None if span is None else [canonical.integer(edge) for edge in span],
        "message": sound(said.message),
        "evidence": {sound(key): sound(value) for key, value in said.evidence},
    }


def _inside(at: Location) -> list[str]:
    return [sound(name) for name in at.inside]


def _reason(reason: Reason) -> dict[str, str]:
    return {reason.kind: sound(reason.what), "file": sound(reason.file), "why": sound(reason.why)}


def _waived(waived: Waived) -> dict[str, Any]:
    return _said(waived.place) | {"until": sound(waived.until), "reason": sound(waived.reason)}
