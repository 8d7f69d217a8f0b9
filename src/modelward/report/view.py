"""What every report for people speaks of, whatever it looks like: a result without what is accepted, and
the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.result import CheckResult, Reason, Report, ScanResult, exit_code, gravest
from modelward.report.escape import visible
from modelward.report.line import count
from modelward.report.names import shell_word

_VERDICTS = {0: "allow", 1: "deny", 2: "failed", 3: "incomplete", 4: "failed"}
_OUTCOMES = _VERDICTS | {0: "clean", 1: "flagged"}
_MANY = 20
TONES = {0: "good", 1: "bad", 2: "bad", 3: "open", 4: "bad"}
"""How an exit code is to be taken."""

Found = tuple[str, Finding]
"""A finding and the file that it is in."""
Gap = tuple[str, Unexamined]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asked for and the report speaks of."""

    fail_on: Severity = Severity.MEDIUM
    statements: str | None = None
    """The folder that the statements were written to, escaped."""


@dataclass(frozen=True, slots=True)
class View:
    """A result without what its policy waives, or a baseline lists."""

    scan: ScanResult
    check: CheckResult | None
    findings: list[Found]
    gaps: list[Gap]
    needs: Sequence[Reason]
    exit_code: int

    @property
    def word(self) -> str:
        """The answer in one word."""
        return (_VERDICTS if self.check else _OUTCOMES)[self.exit_code]


def view_of(report: ScanResult | CheckResult, asked: Asked) -> View:
    check, scan = (report, report.scan) if isinstance(report, CheckResult) else (None, report)
    waived = {waiver.place for waiver in check.waived} if check else set()
    said = [(place.file, place.said) for place in (*scan.new, *scan.unexamined) if place not in waived]
    return View(
        scan,
        check,
        [(file, entry) for file, entry in said if isinstance(entry, Finding)],
        [(file, entry) for file, entry in said if isinstance(entry, Unexamined)],
        check.unmet if check else (),
        exit_code(report, asked.fail_on),
    )


def answer(view: View) -> str:
    severities = Counter(finding.severity for _, finding in view.findings)
    parts = [f"{number:,} {severity}" for severity, number in sorted(severities.items(), reverse=True)]
    parts = parts or ["0 findings"]
    if view.needs:
        parts.append(count(len(view.needs), "unmet need"))
    parts.append(f"{len(view.gaps):,} unexamined")
    if view.scan.baselined:
        parts.append(f"{len(view.scan.baselined):,} baselined")
    if view.check and view.check.waived:
        parts.append(f"{len(view.check.waived):,} waived")
    parts.append(count(len(view.scan.paths), "file"))
    if view.scan.is_partial:
        parts.append("coverage: partial")
    if view.check:
        parts.append(f"policy {visible(view.check.policy_name)}")
    return f"{view.word}: {', '.join(parts)}"


def answer_to_all(reports: Sequence[Report], asked: Asked) -> tuple[str, int]:
    """The answer for several targets together, and its exit code."""
    words = _VERDICTS if any(isinstance(report, CheckResult) for report in reports) else _OUTCOMES
    codes = [exit_code(report, asked.fail_on) for report in reports]
    counted = Counter(words[code] for code in codes)
    worst = gravest(codes)
    parts = [f"{counted[words[code]]:,} {words[code]}" for code in (4, 1, 3, 0) if counted[words[code]]]
    return f"{words[worst]}: {count(len(reports), 'target')}, {', '.join(parts)}", worst


def worth_telling(reports: Sequence[Report], asked: Asked) -> list[Report]:
    """All of a few; of many, those that are fine without anything having been accepted are counted alone."""
    if len(reports) <= _MANY:
        return list(reports)
    return [report for report in reports if exit_code(report, asked.fail_on) or _has_accepted(report)]


def _has_accepted(report: Report) -> bool:
    if isinstance(report, CheckResult):
        return bool(report.waived)
    return isinstance(report, ScanResult) and bool(report.baselined)


def loud_and_quiet(view: View, asked: Asked) -> tuple[list[Found], list[Found]]:
    """The findings that can decide or have decided, which are told in full, and the others."""
    decisive = {reason.what for reason in view.check.reasons if reason.kind == "rule"} if view.check else set()
    parts: tuple[list[Found], list[Found]] = ([], [])
    for file, finding in view.findings:
        loud = finding.severity >= min(asked.fail_on, Severity.MEDIUM) or finding.rule.id in decisive
        parts[not loud].append((file, finding))
    return parts


def next_step(view: View, asked: Asked) -> str:
    """One step that helps now, with commands that exist."""
    target = shell_word(view.scan.label)
    if view.exit_code == 4:
        return "report the defect, with what this command prints under MODELWARD_DEBUG=1"
    if view.exit_code == 3:
        remedy = any(gap.do for _, gap in view.gaps)
        step = "follow the do lines above" if remedy else "replace or remove what is unexamined"
        return f"{step}, then repeat this command"
    if view.exit_code == 1:
        return f"modelward explain {view.findings[0][1].rule.id}" if view.findings else "meet what is unmet above"
    if view.check is None:
        return f"let a policy decide: modelward check {target}"
    return "" if asked.statements else f"keep this evidence: modelward check {target} --statements DIR"


def report_label(report: Report) -> str:
    return report.scan.label if isinstance(report, CheckResult) else report.label
