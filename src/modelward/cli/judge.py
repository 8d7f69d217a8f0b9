"""From targets to a delivered report and an exit code: what `check` and `scan` share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from modelward.cli import progress
from modelward.cli.output import check_writable, complain, deliver, on_terminal, shown, write_file
from modelward.core.canonical import escape_bytes
from modelward.core.errors import ModelwardError
from modelward.core.finding import Severity
from modelward.core.remote import named
from modelward.core.result import CheckResult, Failure, Report, ScanResult, exit_code, gravest
from modelward.report import machine, text
from modelward.report.escape import json_on_terminal
from modelward.report.line import Line, plain
from modelward.report.view import Asked

Judge = Callable[[str, progress.Progress | None], ScanResult | CheckResult]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the report is wanted."""

    form: str
    output: str | None
    quiet: bool
    asked: Asked
    baseline: str | None = None
    """The file to write one to; what it lists is then not new."""


def judge(targets: Sequence[str], ask: Judge, wanted: Wanted) -> int:
    """Asks for each target, reports on all of them, and returns the exit code of the gravest.

    One target that cannot be judged does not keep the others from it. Raises ModelwardError where
    there is nothing to report.
    """
    if wanted.output is not None:
        check_writable(wanted.output, "--output")
    if wanted.baseline is not None:
        check_writable(wanted.baseline, "--write-baseline")
    reports = [_ask(target, ask, wanted.quiet) for target in targets]
    failures = [report for report in reports if isinstance(report, Failure)]
    if len({failure.why for failure in failures}) == 1 and len(failures) == len(reports):
        raise _Repeated(failures[0])
    for failure in failures:
        complain(f"modelward: error: {failure.why}", failure.exit_code)
    if wanted.baseline is not None:
        reports = _with_baseline(reports, wanted.baseline, wanted.asked.fail_on)
    _report(reports, wanted)
    return gravest(exit_code(report, wanted.asked.fail_on) for report in reports)


class _Repeated(ModelwardError):
    """The same error for every target: a policy that does not parse, say. Told once."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.why)
        self.exit_code = failure.exit_code


def _ask(target: str, ask: Judge, quiet: bool) -> Report:
    try:
        with progress.shown_progress(quiet) as line:
            return ask(target, line)
    except ModelwardError as error:
        shown = named(target) if "://" in target else target
        return Failure(escape_bytes(os.fsencode(shown)), str(error), error.exit_code)


def _with_baseline(reports: Sequence[Report], path: str, fail_on: Severity) -> list[Report]:
    from modelward.app.baseline import make_baseline, mark_known, parse_baseline

    made = make_baseline((report for report in reports if isinstance(report, ScanResult)), fail_on)
    write_file(path, made)
    known = parse_baseline(made)
    return [mark_known(report, known) if isinstance(report, ScanResult) else report for report in reports]


def _report(reports: Sequence[Report], wanted: Wanted) -> None:
    lines = text.render(reports, wanted.asked)
    if wanted.output is not None:
        write_file(wanted.output, _in_form(reports, lines, wanted))
        if not wanted.quiet:
            deliver(shown(lines[-1:]))
    elif wanted.form == "text":
        deliver(shown(lines[-1:] if wanted.quiet else lines))
    else:
        data = _in_form(reports, lines, wanted)
        deliver(json_on_terminal(data.decode()).encode() if on_terminal() else data)


def _in_form(reports: Sequence[Report], lines: Sequence[Line], wanted: Wanted) -> bytes:
    if wanted.form == "text":
        return plain(lines).encode()
    if wanted.form == "json":
        return machine.render(reports, wanted.asked.fail_on)
    if wanted.form == "sarif":
        from modelward.report import sarif

        return sarif.render(reports)
    module = import_module(f"modelward.report.{wanted.form}")
    made: str = module.render(reports, wanted.asked)
    return made.encode()
