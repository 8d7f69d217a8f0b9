"""Rules as SARIF reporting descriptors: what code scanning shows beside a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from modelward.core.finding import Finding, Rule, Severity
from modelward.core.result import Place, Reason
from modelward.core.verdict import UNEXAMINED
from modelward.report.escape import visible
from modelward.report.references import link, tags

LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}

# Over 9 is shown as critical, from 7 on as high, from 4 on as medium, 0 as no security problem:
# https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "0.0",
}

# Shown as a failure of level "warning". The kind "open" would say it better, but forces the level
# "none", which viewers hide, and what was not examined must not look like a pass.
_UNEXAMINED: Mapping[str, Any] = {
    "id": UNEXAMINED,
    "shortDescription": {"text": "a part could not be examined"},
    "fullDescription": {"text": "What could not be looked at never counts as harmless."},
    "help": {"text": "Follow the advice in the message, or replace or remove the part, and scan again."},
    "defaultConfiguration": {"level": "warning"},
    "properties": {"tags": ["security"], "security-severity": "5.5"},
}


def rules_used(findings: Iterable[Place], gaps: bool, needs: Iterable[Reason]) -> list[dict[str, Any]]:
    """A descriptor for each rule that some result names, sorted by id."""
    rules = {place.said.rule.id: place.said.rule for place in findings if isinstance(place.said, Finding)}
    descriptors = {visible(need.what): _need(visible(need.what)) for need in needs}
    descriptors |= {rule.id: _rule(rule) for rule in rules.values()}
    if gaps:
        descriptors[UNEXAMINED] = dict(_UNEXAMINED)
    return [descriptors[key] for key in sorted(descriptors)]


def _rule(rule: Rule) -> dict[str, Any]:
    references = [reference for reference in rule.references if link(reference)]
    links = [f"[{reference}]({link(reference)})" for reference in references]
    help_text = f"{rule.why}\n\nWhat to do: {rule.do}"
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": "\n\n".join([help_text, *([f"See {', '.join(rule.references)}"] if rule.references else [])]),
            "markdown": "\n\n".join([help_text, *([f"See {', '.join(links)}"] if links else [])]),
        },
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"tags": ["security", *tags(rule.references)], "security-severity": _SCORES[rule.severity]},
    }


def _need(what: str) -> dict[str, Any]:
    text = "the policy asks for something that is not there"
    return {
        "id": what,
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": "Meet the need that the message names, or use another policy."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security"], "security-severity": "8.0"},
    }
