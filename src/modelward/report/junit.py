"""Results as JUnit XML, which most CI systems show: a suite for each target, a case for each file.

There is no schema that all of them follow; this keeps to what is common to them:
https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from modelward.core.result import Failure, Report
from modelward.report.blocks import byte_range, shorten, where
from modelward.report.escape import visible
from modelward.report.view import Asked, View, answer, view_of

_LONGEST = 4_000


def render(reports: Sequence[Report], asked: Asked) -> str:
    suites = [_suite(report, asked) for report in reports]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *suites, "</testsuites>", ""])


def _suite(report: Report, asked: Asked) -> str:
    if isinstance(report, Failure):
        label, cases, said = report.label, [_case("run", "run", ("error", "failed", report.why, ""))], "failed"
    else:
        view = view_of(report, asked)
        label, cases, said = view.scan.label, list(_cases(view, asked)), answer(view)
    counts = {kind: sum(f"<{kind} " in case for case in cases) for kind in ("failure", "error")}
    head = f"tests={quoteattr(str(len(cases)))} failures={quoteattr(str(counts['failure']))}"
    opening = f"<testsuite name={attribute(label)} {head} errors={quoteattr(str(counts['error']))}>"
    return "\n".join([opening, *cases, f"<system-out>{body(said)}</system-out>", "</testsuite>"])


def _cases(view: View, asked: Asked) -> Iterator[str]:
    """What was not examined is an error: a skipped test counts as passed."""
    label, decisive = view.scan.label, {reason.what for reason in view.check.reasons} if view.check else set()
    told = set()
    for file, finding in view.findings:
        if finding.severity >= asked.fail_on or finding.rule.id in decisive:
            told.add(file)
            lines = [f"{key}: {value}" for key, value in finding.evidence]
            lines += [f"why: {finding.rule.why}", f"do: {finding.rule.do}"]
            problem = ("failure", finding.rule.id, f"{finding.severity}: {finding.message}", "\n".join(lines))
            yield _case(where(file, finding.at, label) + byte_range(finding.at), finding.rule.id, problem)
    for need in view.needs:
        yield _case(need.file or label, need.what, ("failure", need.what, need.why, ""))
    for file, gap in view.gaps:
        told.add(file)
        yield _case(
            where(file, gap.at, label) + byte_range(gap.at), "unexamined", ("error", "unexamined", gap.why, gap.do)
        )
    for file in sorted(view.scan.paths - told):
        yield _case(file or label, "examined", None)


def _case(name: str, kind: str, problem: tuple[str, str, str, str] | None) -> str:
    opening = f"<testcase classname={attribute(f'modelward.{kind}')} name={attribute(name)}"
    if problem is None:
        return f"{opening}/>"
    tag, what, message, text = problem
    inner = f"<{tag} type={attribute(what)} message={attribute(message)}>{body(text)}</{tag}>"
    return f"{opening}>{inner}</testcase>"


def attribute(text: str) -> str:
    return quoteattr(shorten(text, _LONGEST))


def body(text: str) -> str:
    return "\n".join(escape(visible(line)) for line in text[:_LONGEST].split("\n"))
