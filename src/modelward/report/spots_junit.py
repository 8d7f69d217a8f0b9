"""What was found at lines of files as JUnit XML, apart from spots.py because of what it imports.

https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections.abc import Iterable

from modelward.core.finding import Finding, Unexamined
from modelward.core.source_audit import Spotted
from modelward.core.verdict import UNEXAMINED
from modelward.report.junit import attribute, body
from modelward.report.spots import Flags, place


def junit(findings: Iterable[Spotted], gaps: Iterable[Spotted], good: Iterable[str], flags: Flags, run: str) -> str:
    """A suite with a case for each finding that fails the run, each gap, and each of *good*. What was not examined is
    an error: a skipped test counts as passed."""
    failures = [_failure(one) for one in findings if isinstance(one.said, Finding) and flags(one.said)]
    errors = [_error(one) for one in gaps]
    passed = [f"<testcase classname={attribute(f'modelward.{run}')} name={attribute(name)}/>" for name in good]
    cases = [*failures, *errors, *passed]
    head = f'tests="{len(cases)}" failures="{len(failures)}" errors="{len(errors)}"'
    opening = f"<testsuite name={attribute(f'modelward {run}')} {head}>"
    first = '<?xml version="1.0" encoding="UTF-8"?>'
    return "\n".join([first, "<testsuites>", opening, *cases, "</testsuite>", "</testsuites>", ""])


def _failure(one: Spotted) -> str:
    said = one.said
    assert isinstance(said, Finding)
    text = "\n".join([*(f"{key}: {value}" for key, value in said.evidence), f"do: {said.rule.do}"])
    return _case(one, said.rule.id, "failure", f"{said.severity}: {said.message}", text)


def _error(one: Spotted) -> str:
    assert isinstance(one.said, Unexamined)
    return _case(one, UNEXAMINED, "error", one.said.why, one.said.do)


def _case(one: Spotted, kind: str, tag: str, message: str, text: str) -> str:
    inner = f"<{tag} type={attribute(kind)} message={attribute(message)}>{body(text)}</{tag}>"
    # viewers take two cases of one name for one
    advisory = dict(getattr(one.said, "evidence", ())).get("advisory", "")
    name = f"{place(one.at) or 'run'} {advisory}".rstrip()
    return f"<testcase classname={attribute(f'modelward.{kind}')} name={attribute(name)}>{inner}</testcase>"
