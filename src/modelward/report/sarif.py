"""Results as SARIF 2.1.0, one run for each target.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os.html
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Sequence
from typing import Any

from modelward import __version__
from modelward.core import canonical
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.result import CheckResult, Failure, Place, Reason, Report, ScanResult
from modelward.core.verdict import UNEXAMINED
from modelward.report.descriptors import LEVELS, rules_used
from modelward.report.escape import visible
from modelward.report.names import base, uri_path

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(reports: Sequence[Report]) -> bytes:
    """Pure ASCII; the same results always give the same bytes."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report) for report in reports]}
    return json.dumps(log, indent=1, sort_keys=True).encode("ascii") + b"\n"


def _run(report: Report) -> dict[str, Any]:
    if isinstance(report, Failure):
        failed = {"level": "error", "message": _message(report.why)}
        invocation = {"executionSuccessful": False, "toolExecutionNotifications": [failed]}
        return _frame(report.label, [], [], invocation)
    check, scan = (report, report.scan) if isinstance(report, CheckResult) else (None, report)
    target = _Target(scan)
    needs = check.unmet if check else ()
    waived = dict.fromkeys(scan.baselined, "listed in the baseline")
    waived |= {waiver.place: waiver.reason for waiver in check.waived} if check else {}
    results = [target.result(place, waived.get(place)) for place in (*scan.findings, *scan.unexamined)]
    results += [target.unmet(need) for need in needs]
    invocation = {"executionSuccessful": not scan.defects, "toolExecutionNotifications": target.notifications()}
    rules = rules_used(scan.findings, bool(scan.unexamined), needs)
    run = _frame(scan.label, rules, results, invocation)
    run["artifacts"] = target.artifacts()
    run["properties"] = {"digest": str(scan.digest or ""), "rules": visible(scan.rules)} | _remote(scan)
    if check:
        run["properties"] |= {"decision": check.decision, "policy": visible(check.policy_name)}
    return run


def _remote(scan: ScanResult) -> dict[str, Any]:
    if scan.remote is None:
        return {}
    return {
        "coverage": "partial" if scan.is_partial else "full",
        "requests": scan.remote.requests,
        "fetchedBytes": scan.remote.fetched,
        "commit": visible(scan.remote.commit),
        "pins": {visible(held.url): visible(held.pin) for held in scan.remote.files.values()},
    }


def _frame(label: str, rules: list[Any], results: list[Any], invocation: dict[str, Any]) -> dict[str, Any]:
    places = {rule["id"]: index for index, rule in enumerate(rules)}
    for result in results:
        result["ruleIndex"] = places[result["ruleId"]]
    driver = {
        "name": "modelward",
        "semanticVersion": __version__,
        "rules": rules,
        "notifications": [{"id": UNEXAMINED}],
    }
    return {
        "tool": {"driver": driver},
        # code scanning tells the runs of one file apart by it
        "automationDetails": {"id": f"modelward/{uri_path(base(label, False)) or '.'}/"},
        "invocations": [invocation],
        "results": results,
    }


class _Target:
    """One target's files as artifacts, and what is said about them as results."""

    def __init__(self, scan: ScanResult) -> None:
        self._scan = scan
        self._base = base(scan.label, scan.is_tree)
        self._files = sorted({place.file for place in (*scan.findings, *scan.unexamined)})
        self._index = {file: index for index, file in enumerate(self._files)}
        self._seen: Counter[str] = Counter()

    def artifacts(self) -> list[dict[str, Any]]:
        return [self._artifact(file) for file in self._files]

    def result(self, place: Place, waived: str | None) -> dict[str, Any]:
        said = place.said
        if isinstance(said, Unexamined):
            rule, level, text = UNEXAMINED, "warning", said.why + (f"; do: {said.do}" if said.do else "")
            properties: dict[str, Any] = {}
        else:
            rule, level = said.rule.id, LEVELS[said.severity]
            text = _deed(said)
            properties = {"evidence": {visible(key): visible(value) for key, value in said.evidence}}
        result = {
            "ruleId": rule,
            "level": level,
            "message": _message(text + _position(said.at)),
            "locations": [self._location(place)],
            "partialFingerprints": {"primaryLocationLineHash": self._fingerprint(rule, place, text)},
            "properties": properties | _member(said.at),
        }
        if waived is not None:
            result["suppressions"] = [{"kind": "external", "justification": visible(waived)}]
        return result

    def unmet(self, need: Reason) -> dict[str, Any]:
        place = Place(need.file, Unexamined(Location(None), need.why))
        return {
            "ruleId": visible(need.what),
            "level": "error",
            "message": _message(need.why),
            "locations": [self._location(place)],
            "partialFingerprints": {"primaryLocationLineHash": self._fingerprint(need.what, place, need.why)},
        }

    def notifications(self) -> list[dict[str, Any]]:
        return [
            {
                "descriptor": {"id": UNEXAMINED, "index": 0},
                "level": "warning",
                "message": _message(place.said.why),
                "locations": [self._location(place)],
            }
            for place in self._scan.unexamined
            if isinstance(place.said, Unexamined)
        ]

    def _artifact(self, file: str) -> dict[str, Any]:
        artifact: dict[str, Any] = {"location": {"uri": self._uri(file)}}
        if file in self._scan.digests:
            artifact["hashes"] = {"sha-256": self._scan.digests[file].value}
        size = self._scan.sizes.get(file)
        if size is not None and canonical.integer(size) == size:
            artifact["length"] = size
        return artifact

    def _uri(self, file: str) -> str:
        held = self._scan.remote and self._scan.remote.files.get(file)
        if held:
            return visible(held.url)
        if not file and self._scan.is_tree:
            return uri_path(self._base or ".") + "/"
        return uri_path(posixpath.join(self._base, file) if file else self._base)

    def _location(self, place: Place) -> dict[str, Any]:
        at = place.said.at
        artifact: dict[str, Any] = {"uri": self._uri(place.file)}
        if place.file in self._index:
            artifact["index"] = self._index[place.file]
        physical = {"artifactLocation": artifact}
        region = None if at.inside else self._region(place.file, at.span)
        if region:
            physical["region"] = region
        if not at.inside:
            return {"physicalLocation": physical}
        name = " > ".join(visible(part) for part in (place.file, *at.inside) if part)
        return {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": name, "kind": "member"}]}

    def _region(self, file: str, span: tuple[int, int] | None) -> dict[str, int] | None:
        """A binary region, which must lie in the file. A member's bytes are no region of it."""
        size = self._scan.sizes.get(file)
        if span is None or size is None or not 0 <= span[0] <= min(size, 2**53 - 1):
            return None
        return {"byteOffset": span[0], "byteLength": max(0, min(span[1], size) - span[0])}

    def _fingerprint(self, rule: str, place: Place, text: str) -> str:
        """Stays the same when bytes move: made of what is said where, and of how often it was said before."""
        words = json.dumps([rule, place.file, place.said.at.inside, text])
        digest = hashlib.sha256(words.encode("ascii")).hexdigest()[:16]
        self._seen[digest] += 1
        return f"{digest}:{self._seen[digest]}"


def _member(at: Location) -> dict[str, Any]:
    """Where in the innermost member, which a region cannot say."""
    if not at.inside:
        return {}
    span = {} if at.span is None else {"span": [canonical.integer(edge) for edge in at.span]}
    return {"inside": [visible(name) for name in at.inside]} | span


def _deed(finding: Finding) -> str:
    does = dict(finding.evidence).get("does")
    return f"{finding.message}: {does}" if does else finding.message


def _position(at: Location) -> str:
    """For viewers that know lines alone, and place a result in a binary file nowhere."""
    parts = [" > ".join(at.inside)] if at.inside else []
    parts += [f"byte {at.span[0]}"] if at.span else []
    return f" (at {', '.join(parts)})" if parts else ""


def _message(text: str) -> dict[str, str]:
    """Plain text in which nothing untrusted becomes a placeholder or a link (3.11.5 and 3.11.6)."""
    return {"text": visible(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")}
