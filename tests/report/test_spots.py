"""What is found at lines of files, where there is too much of it for one report."""

from __future__ import annotations

import json

from modelward.core.finding import Finding, Location, Rule, Severity
from modelward.core.source_audit import Spot, Spotted
from modelward.report.spots_sarif import sarif

RULE = Rule("a-rule", Severity.LOW, "a title of a rule", "Why.", "Do.", ("CWE-1",))


def results(count: int) -> list[dict[str, str]]:
    found = [Spotted(Spot("r.txt", n + 1, 1), Finding(RULE, Location(None), f"line {n}")) for n in range(count)]
    made: list[dict[str, str]] = json.loads(sarif(found, [], "deps"))["runs"][0]["results"]
    return made


def test_a_file_that_cannot_hold_every_result_says_so() -> None:
    assert {one["ruleId"] for one in results(25_000)} == {"a-rule"}
    cut = results(25_003)
    assert (len(cut), cut[-1]["ruleId"]) == (25_000, "unexamined")
    assert "4 more results" in str(cut[-1])
