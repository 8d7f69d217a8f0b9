"""Results as annotations of a GitHub workflow, with the answer in the last line.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from modelward.core.canonical import unescape_bytes
from modelward.core.finding import Location
from modelward.core.result import Failure, Report, ScanResult, exit_code
from modelward.report.blocks import shorten
from modelward.report.escape import visible
from modelward.report.names import base
from modelward.report.view import Asked, answer, answer_to_all, loud_and_quiet, view_of

MOST = 50
"""Annotations that GitHub shows for one job."""


def render(reports: Sequence[Report], asked: Asked) -> str:
    lines = [line for report in reports for line in _lines(report, asked)]
    left_out = len(lines) - MOST
    if left_out > 0:
        lines[MOST:] = [command("warning", "", "more", f"{left_out:,} more: --format html shows them all")]
    return "\n".join([*lines, _last(reports, asked), ""])


def _lines(report: Report, asked: Asked) -> Iterator[str]:
    if isinstance(report, Failure):
        yield command("error", report.label, "failed", report.why)
        return
    view = view_of(report, asked)
    for need in view.needs:
        yield command("error", _path(view.scan, need.file), f"unmet {need.what}", need.why)
    for file, finding in loud_and_quiet(view, asked)[0]:
        kind = "error" if finding.severity >= asked.fail_on else "warning"
        does = dict(finding.evidence).get("does", "")
        text = ": ".join(filter(None, (finding.message, does))) + _place(finding.at)
        yield command(kind, _path(view.scan, file), f"{finding.severity}: {finding.rule.id}", text)
    for file, gap in view.gaps:
        text = ": ".join(filter(None, (gap.why, gap.do))) + _place(gap.at)
        yield command("warning", _path(view.scan, file), "unexamined", text)


def _last(reports: Sequence[Report], asked: Asked) -> str:
    if len(reports) == 1 and not isinstance(reports[0], Failure):
        return f"{answer(view_of(reports[0], asked))} (exit {exit_code(reports[0], asked.fail_on)})"
    text, code = answer_to_all(reports, asked)
    return f"{text} (exit {code})"


def _path(scan: ScanResult, file: str) -> str:
    return posixpath.join(base(scan.label, scan.is_tree), file) if file else base(scan.label, scan.is_tree)


def _place(at: Location) -> str:
    parts = [" > ".join(at.inside)] if at.inside else []
    parts += [f"byte {at.span[0]}"] if at.span else []
    return f" (at {', '.join(parts)})" if parts else ""


def command(kind: str, path: str, title: str, text: str, at: tuple[int, int] | None = None) -> str:
    """Nothing of *path*, *title* or *text* can end the command or begin another. *at* are a line and a column."""
    file = unescape_bytes(path).decode("utf-8", "replace")
    properties = [f"file={_property(file)}"] if file else []
    properties += [f"line={at[0]}", f"col={at[1]}"] if at else []
    properties.append(f"title={_property(f'modelward {visible(title)}')}")
    return f"::{kind} {','.join(properties)}::{_data(shorten(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return visible(_data(text).replace(":", "%3A").replace(",", "%2C"))
