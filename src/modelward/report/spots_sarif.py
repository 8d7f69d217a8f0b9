"""What was found at lines of files as SARIF 2.1.0, apart from spots.py because of what it imports.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os.html
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from modelward import __version__
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.result import Place
from modelward.core.source_audit import Spotted
from modelward.core.verdict import UNEXAMINED
from modelward.report.descriptors import LEVELS, rules_used
from modelward.report.escape import sound, visible
from modelward.report.names import uri_path
from modelward.report.sarif import SCHEMA

_MOST_RESULTS = 25_000
"""Of one run, beyond which GitHub refuses the file."""


def sarif(findings: Sequence[Spotted], gaps: Sequence[Spotted], run: str) -> bytes:
    """*run* names the kind of run, so that one file may hold several."""
    places = [Place(one.at.file, one.said) for one in reversed(findings)]  # of one rule the gravest describes it
    said = _within_limit((*findings, *gaps))
    rules = rules_used(places, any(isinstance(one.said, Unexamined) for one in said), ())
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    results = [_result(one, numbers, seen) for one in said]
    driver = {"name": "modelward", "semanticVersion": __version__, "rules": rules}
    body = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"modelward/{run}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [body]}
    return json.dumps(log, indent=1, sort_keys=True).encode("ascii") + b"\n"


def _within_limit(said: Sequence[Spotted]) -> Sequence[Spotted]:
    """What does not fit is a gap, so that a file that was cut never looks whole."""
    left_out = len(said) - _MOST_RESULTS
    if left_out <= 0:
        return said
    why = f"{left_out + 1:,} more results are left out of this file"
    last = Spotted(said[_MOST_RESULTS - 1].at, Unexamined(Location(None), why, "use --format json, which has them all"))
    return (*said[: _MOST_RESULTS - 1], last)


def _result(one: Spotted, numbers: dict[str, int], seen: Counter[str]) -> dict[str, Any]:
    at, said = one
    if isinstance(said, Finding):
        rule, level = said.rule.id, LEVELS[said.severity]
        facts = dict(said.evidence)
        text = f"{said.message}; pin: {facts['pin']}" if "pin" in facts else said.message
    else:
        rule, level, facts, text = UNEXAMINED, "warning", {}, f"{said.why}; do: {said.do}"
    location: dict[str, Any] = {}
    if at.file:
        location["physicalLocation"] = {"artifactLocation": {"uri": uri_path(at.file)}}
    if at.cell:  # lines of the file are those of its JSON, which nobody sees
        cell = f"cell {at.cell}, line {at.line}, column {at.column}"
        location["logicalLocations"] = [{"fullyQualifiedName": cell, "kind": "member"}]
        text += f" ({cell})"
    elif at.file:
        location["physicalLocation"]["region"] = {"startLine": at.line, "startColumn": at.column}
    if "package" in facts:
        named = f"{facts['package']} {facts.get('version', '')}".strip()
        location["logicalLocations"] = [{"fullyQualifiedName": sound(named), "kind": "package"}]
    words = json.dumps([rule, at.file, at.cell, text])
    digest = hashlib.sha256(words.encode("ascii")).hexdigest()[:16]
    seen[digest] += 1
    return {
        "ruleId": rule,
        "ruleIndex": numbers[rule],
        "level": level,
        "message": {"text": visible(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")},
        "locations": [location] if location else [],
        "partialFingerprints": {"primaryLocationLineHash": f"{digest}:{seen[digest]}"},
    }
