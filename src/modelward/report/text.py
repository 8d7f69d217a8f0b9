"""Results as text for people: no clock, no colour, one order, and the answer in the last line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelward.core.result import Failure, Report, exit_code
from modelward.report.blocks import finding_blocks, finding_lines, gap_blocks, unmet_lines
from modelward.report.escape import visible
from modelward.report.footer import footer
from modelward.report.line import Line
from modelward.report.view import (
    TONES,
    Asked,
    View,
    answer,
    answer_to_all,
    loud_and_quiet,
    next_step,
    report_label,
    view_of,
    worth_telling,
)


def render(reports: Sequence[Report], asked: Asked) -> list[Line]:
    """The last line holds the answer. No line holds a character that a terminal would obey."""
    if len(reports) == 1:
        body, answer = _report(reports[0], asked)
        return [*body, Line("", f"{answer.text} (exit {exit_code(reports[0], asked.fail_on)})", answer.tone)]
    lines = []
    for report in worth_telling(reports, asked):
        body, answer = _report(report, asked)
        lines += [Line("target    ", visible(report_label(report)), "title"), Line(), *body, answer, Line()]
    text, code = answer_to_all(reports, asked)
    return [*lines, Line("", f"{text} (exit {code})", TONES[code])]


def _report(report: Report, asked: Asked) -> tuple[list[Line], Line]:
    """The lines of one target, and its answer."""
    if isinstance(report, Failure):
        return [], Line("", f"failed: {visible(report.why)}", "bad")
    view = view_of(report, asked)
    return [*_body(view, asked)], Line("", answer(view), TONES[view.exit_code])


def _body(view: View, asked: Asked) -> Iterator[Line]:
    scan, check = view.scan, view.check
    loud, quiet = loud_and_quiet(view, asked)
    yield from finding_blocks(loud, scan)
    yield from finding_lines(quiet, scan.label)
    yield from unmet_lines(view.needs)
    yield from gap_blocks(view.gaps, scan.label)
    yield from footer(scan, check, asked.statements)
    step = next_step(view, asked)
    yield Line()
    if step:
        yield Line("next: ", step)
