"""An audit of source code: lines for people, canonical JSON, SARIF and annotations for machines."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from modelward import __version__
from modelward.core import canonical
from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.result import Place
from modelward.core.source_audit import SourceAudit, Spot, Spotted
from modelward.core.verdict import UNEXAMINED
from modelward.report.blocks import BLOCKS, shorten
from modelward.report.descriptors import LEVELS, rules_used
from modelward.report.escape import sound, visible
from modelward.report.github import MOST, command
from modelward.report.line import Line, count
from modelward.report.names import uri_path
from modelward.report.sarif import SCHEMA

_WORDS = {0: "clean", 1: "flagged", 3: "incomplete"}
_TONES = {0: "good", 1: "bad", 3: "open"}


def lines(audit: SourceAudit, fail_on: Severity) -> Iterator[Line]:
    """The last line holds the answer."""
    for one in audit.findings[: BLOCKS * 5]:
        yield from _block(one)
    if len(audit.findings) > BLOCKS * 5:
        yield Line("", f"and {count(len(audit.findings) - BLOCKS * 5, 'more finding')}: use --format json")
    for one in audit.unexamined[:BLOCKS]:
        yield Line("", f"unexamined: {place(one.at)}", "gap")
        yield Line("  why  ", shorten(getattr(one.said, "why", "")))
        yield Line("  do   ", shorten(getattr(one.said, "do", "")))
    if len(audit.unexamined) > BLOCKS:
        yield Line("", f"and {count(len(audit.unexamined) - BLOCKS, 'more unexamined part')}: use --format json")
    if audit.findings or audit.unexamined:
        yield Line()
    for path in audit.left_out:
        yield Line("left out  ", f"{visible(path)}: no sources of this folder; name it to have it looked through")
    yield answer(audit, fail_on)


def _block(one: Spotted) -> Iterator[Line]:
    said = one.said
    assert isinstance(said, Finding)
    yield Line("", f"{said.severity}[{said.rule.id}]: {shorten(said.message)}", str(said.severity))
    yield Line("  at   ", place(one.at))
    pin = dict(said.evidence).get("pin")
    yield Line("  pin  " if pin else "  do   ", shorten(pin or said.rule.do))


def place(at: Spot) -> str:
    cell = f", cell {at.cell}" if at.cell else ""
    return f"{visible(at.file)}{cell}:{at.line}:{at.column}"


def answer(audit: SourceAudit, fail_on: Severity) -> Line:
    code = audit.exit_code(fail_on)
    severities = Counter(one.said.severity for one in audit.findings if isinstance(one.said, Finding))
    parts = [f"{number:,} {severity}" for severity, number in sorted(severities.items(), reverse=True)]
    parts = [*(parts or ["0 findings"]), f"{len(audit.unexamined):,} unexamined", count(audit.files, "file")]
    return Line("", f"{_WORDS[code]}: {', '.join(parts)} (exit {code})", _TONES[code])


# -- for machines


def machine(audit: SourceAudit, fail_on: Severity) -> bytes:
    """Canonical JSON, ends with a line break."""
    body = {
        "schema": "modelward/pins-audit/1",
        "outcome": _WORDS[audit.exit_code(fail_on)],
        "findings": [_spot(one.at) | _finding(one.said) for one in audit.findings if isinstance(one.said, Finding)],
        "unexamined": [
            _spot(one.at) | {"why": sound(one.said.why), "do": sound(one.said.do)}
            for one in audit.unexamined
            if isinstance(one.said, Unexamined)
        ],
        "coverage": {"files": audit.files, "bytes": audit.bytes},
        "left_out": [sound(path) for path in audit.left_out],
    }
    return canonical.encode(body) + b"\n"


def _spot(at: Spot) -> dict[str, Any]:
    cell = {"cell": at.cell} if at.cell else {}
    return {"file": sound(at.file), "line": at.line, "column": at.column, **cell}


def _finding(said: Finding) -> dict[str, Any]:
    return {
        "rule": said.rule.id,
        "severity": str(said.severity),
        "message": sound(said.message),
        "evidence": {sound(key): sound(value) for key, value in said.evidence},
    }


def sarif(audit: SourceAudit) -> bytes:
    """SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os.html"""
    places = [Place(one.at.file, one.said) for one in audit.findings]
    rules = rules_used(places, bool(audit.unexamined), ())
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    results = [_result(one, numbers, seen) for one in (*audit.findings, *audit.unexamined)]
    driver = {"name": "modelward", "semanticVersion": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "modelward/pins-audit/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1, sort_keys=True).encode("ascii") + b"\n"


def _result(one: Spotted, numbers: dict[str, int], seen: Counter[str]) -> dict[str, Any]:
    at, said = one
    if isinstance(said, Finding):
        rule, level = said.rule.id, LEVELS[said.severity]
        pin = dict(said.evidence).get("pin")
        text = f"{said.message}; pin: {pin}" if pin else said.message
    else:
        rule, level, text = UNEXAMINED, "warning", f"{said.why}; do: {said.do}"
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri_path(at.file)}}
    location: dict[str, Any] = {"physicalLocation": physical}
    if at.cell:  # lines of the file are those of its JSON, which nobody sees
        cell = f"cell {at.cell}, line {at.line}, column {at.column}"
        location["logicalLocations"] = [{"fullyQualifiedName": cell, "kind": "member"}]
        text += f" ({cell})"
    else:
        physical["region"] = {"startLine": at.line, "startColumn": at.column}
    words = json.dumps([rule, at.file, at.cell, text])
    digest = hashlib.sha256(words.encode("ascii")).hexdigest()[:16]
    seen[digest] += 1
    return {
        "ruleId": rule,
        "ruleIndex": numbers[rule],
        "level": level,
        "message": {"text": visible(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": f"{digest}:{seen[digest]}"},
    }


def github(audit: SourceAudit, fail_on: Severity) -> str:
    """https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands"""
    made = [_annotation(one, fail_on) for one in (*audit.findings, *audit.unexamined)]
    left_out = len(made) - MOST
    if left_out > 0:
        made[MOST:] = [command("warning", "", "more", f"{left_out:,} more: --format json has them all")]
    return "\n".join([*made, answer(audit, fail_on).text, ""])


def _annotation(one: Spotted, fail_on: Severity) -> str:
    at, said = one
    if isinstance(said, Finding):
        kind = "error" if said.severity >= fail_on else "warning"
        pin = dict(said.evidence).get("pin", "")
        title, text = f"{said.severity}: {said.rule.id}", ": pin: ".join(filter(None, (said.message, pin)))
    else:
        kind, title, text = "warning", "unexamined", f"{said.why}: {said.do}"
    if at.cell:
        return command(kind, at.file, title, f"{text} (cell {at.cell}, line {at.line})")
    return command(kind, at.file, title, text, (at.line, at.column))
