"""Results as text for people: no clock, no colour, one order, and the answer in the last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.result import CheckResult, Failure, Reason, Report, ScanResult, exit_code, gravest
from modelward.report.blocks import Found, Gap, count, finding_blocks, finding_lines, gap_blocks, unmet_lines
from modelward.report.escape import visible
from modelward.report.footer import footer
from modelward.report.line import Line
from modelward.report.names import shell_word

_VERDICTS = {0: "allow", 1: "deny", 2: "failed", 3: "incomplete", 4: "failed"}
_OUTCOMES = _VERDICTS | {0: "clean", 1: "flagged"}
_TONES = {0: "good", 1: "bad", 2: "bad", 3: "open", 4: "bad"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for and the report speaks of."""

    fail_on: Severity = Severity.MEDIUM
    statements: str | None = None
    """The folder that the statements were written to, escaped."""


@dataclass(frozen=True, slots=True)
class _View:
    """A result without what its policy waives."""

    scan: ScanResult
    check: CheckResult | None
    findings: list[Found]
    gaps: list[Gap]
    needs: Sequence[Reason]
    exit_code: int


def render(reports: Sequence[Report], asked: Asked) -> list[Line]:
    """The last line holds the answer. No line holds a character that a terminal would obey."""
    if len(reports) == 1:
        body, answer = _report(reports[0], asked)
        return [*body, Line("", f"{answer.text} (exit {exit_code(reports[0], asked.fail_on)})", answer.tone)]
    lines = []
    for report in reports:
        body, answer = _report(report, asked)
        lines += [Line("target    ", visible(report_label(report)), "title"), Line(), *body, answer, Line()]
    return [*lines, _answer_to_all(reports, asked)]


def report_label(report: Report) -> str:
    return report.scan.label if isinstance(report, CheckResult) else report.label


def _report(report: Report, asked: Asked) -> tuple[list[Line], Line]:
    """The lines of one target, and its answer."""
    if isinstance(report, Failure):
        return [], Line("", f"failed: {visible(report.why)}", "bad")
    view = _view(report, asked)
    return [*_body(view, asked)], _answer(view, asked)


def _view(report: ScanResult | CheckResult, asked: Asked) -> _View:
    check, scan = (report, report.scan) if isinstance(report, CheckResult) else (None, report)
    waived = {waiver.place for waiver in check.waived} if check else set()
    said = [(place.file, place.said) for place in (*scan.findings, *scan.unexamined) if place not in waived]
    return _View(
        scan,
        check,
        [(file, entry) for file, entry in said if isinstance(entry, Finding)],
        [(file, entry) for file, entry in said if isinstance(entry, Unexamined)],
        check.unmet if check else (),
        exit_code(report, asked.fail_on),
    )


def _body(view: _View, asked: Asked) -> Iterator[Line]:
    scan, check = view.scan, view.check
    decisive = {reason.what for reason in check.reasons if reason.kind == "rule"} if check else set()

    def loud(found: Found) -> bool:
        return found[1].severity >= min(asked.fail_on, Severity.MEDIUM) or found[1].rule.id in decisive

    yield from finding_blocks(filter(loud, view.findings), scan)
    yield from finding_lines((found for found in view.findings if not loud(found)), scan.label)
    yield from unmet_lines(view.needs)
    yield from gap_blocks(view.gaps, scan.label)
    yield from footer(scan, check, asked.statements)
    step = _next(view, asked)
    yield Line()
    if step:
        yield Line("next: ", step)


def _next(view: _View, asked: Asked) -> str:
    """One step that helps now, with commands that exist."""
    target = shell_word(view.scan.label)
    if view.exit_code == 3:
        remedy = any(gap.do for _, gap in view.gaps)
        step = "follow the do lines above" if remedy else "replace or remove what is unexamined"
        return f"{step}, then repeat this command"
    if view.exit_code == 1:
        return f"modelward explain {view.findings[0][1].rule.id}" if view.findings else "meet what is unmet above"
    if view.check is None:
        return f"let a policy decide: modelward check {target}"
    return "" if asked.statements else f"keep this evidence: modelward check {target} --statements DIR"


def _answer(view: _View, asked: Asked) -> Line:
    severities = Counter(finding.severity for _, finding in view.findings)
    parts = [f"{number:,} {severity}" for severity, number in sorted(severities.items(), reverse=True)]
    parts = parts or ["0 findings"]
    if view.needs:
        parts.append(count(len(view.needs), "unmet need"))
    parts.append(f"{len(view.gaps):,} unexamined")
    if view.check and view.check.waived:
        parts.append(f"{len(view.check.waived):,} waived")
    parts.append(count(len(view.scan.paths), "file"))
    if view.check:
        parts.append(f"policy {visible(view.check.policy_name)}")
    word = view.check.decision if view.check else view.scan.outcome(asked.fail_on)
    return Line("", f"{word}: {', '.join(parts)}", _TONES[view.exit_code])


def _answer_to_all(reports: Sequence[Report], asked: Asked) -> Line:
    words = _VERDICTS if any(isinstance(report, CheckResult) for report in reports) else _OUTCOMES
    codes = [exit_code(report, asked.fail_on) for report in reports]
    counted = Counter(words[code] for code in codes)
    worst = gravest(codes)
    parts = [f"{counted[words[code]]:,} {words[code]}" for code in (4, 1, 3, 0) if counted[words[code]]]
    answer = f"{words[worst]}: {count(len(reports), 'target')}, {', '.join(parts)} (exit {worst})"
    return Line("", answer, _TONES[worst])
