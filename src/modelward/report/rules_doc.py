"""docs/rules.md: every rule in the words of the code. `modelward explain` prints the same sections."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from modelward.core.finding import Rule
from modelward.report.references import link

_HEAD = """\
# Rules

{count} rules. Made from the code by `make rules`; do not edit. `modelward explain RULE` prints the same.

A rule has one severity. `baseline` denies on medium and worse. Only a waiver in a policy file,
for one content, until a day and for a reason, makes a finding count less.
"""


def render(rules: Mapping[str, Rule]) -> str:
    """The whole document: rules grouped by the first word of their id, in the order of the alphabet."""
    parts = [_HEAD.format(count=len(rules))]
    for prefix, ids in groupby(sorted(rules), lambda rule_id: rule_id.partition("-")[0]):
        parts.append(f"## {prefix}\n")
        parts += [section(rules[rule_id]) for rule_id in ids]
    return "\n".join(parts)


def section(rule: Rule) -> str:
    """One rule. The heading's anchor is the rule's id."""
    paragraphs = [
        f"### {rule.id}",
        f"**{rule.severity}**: {rule.title}",
        f"Why: {rule.why}",
        f"Do: {rule.do}",
    ]
    if rule.references:
        paragraphs.append("\n".join(f"- {_reference(reference)}" for reference in rule.references))
    return "\n\n".join(paragraphs) + "\n"


def _reference(reference: str) -> str:
    target = link(reference)
    return f"<{target}>" if target == reference else f"{reference}: <{target}>" if target else reference
