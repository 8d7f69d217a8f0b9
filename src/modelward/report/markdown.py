"""Results as Markdown for a comment on a pull request: a short table, the rest folded.

Everything untrusted stands in a code span, in which nothing is markup, a link or a mention:
https://github.github.com/gfm/#code-spans
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from modelward.core.result import Failure, Report
from modelward.report.blocks import byte_range, gap_place, grouped, saying, shorten, where
from modelward.report.footer import footer
from modelward.report.references import link
from modelward.report.view import (
    Asked,
    Found,
    View,
    answer,
    answer_to_all,
    loud_and_quiet,
    report_label,
    view_of,
    worth_telling,
)

LARGEST = 60_000
"""Bytes. GitHub refuses comments of more than 65,536 characters."""
_ROWS = 20
_LINES = 50
_PLACES = 5
_CELL = 120


def render(reports: Sequence[Report], asked: Asked) -> str:
    """At most LARGEST bytes; what does not fit is counted."""
    head = ""
    if len(reports) > 1:
        head = f"## modelward: {code(answer_to_all(reports, asked)[0])}\n\n"
    parts = [part for report in worth_telling(reports, asked) for part in _parts(report, asked)]
    return head + "".join(_fitting(parts, LARGEST - len(head.encode())))


def code(text: str, longest: int = 400) -> str:
    """A code span that *text* cannot leave. A bar is escaped as the invisible characters are: in a table it
    would end the cell, in a code span too."""
    shown = shorten(text, longest).replace("|", r"\x7c") or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _fitting(parts: Sequence[str], room: int) -> Iterator[str]:
    room -= 200  # for the last line
    for number, part in enumerate(parts):
        room -= len(part.encode())
        if room < 0:
            yield f"\n{len(parts) - number:,} more parts do not fit here: `--format html` shows all of them.\n"
            return
        yield part


def _parts(report: Report, asked: Asked) -> Iterator[str]:
    yield f"### modelward: {code(report_label(report))}\n\n"
    if isinstance(report, Failure):
        yield f"**failed**: {code(report.why)}\n\n"
        return
    view = view_of(report, asked)
    yield f"**{view.word}**: {code(answer(view).removeprefix(f'{view.word}: '))}\n\n"
    loud, quiet = (grouped(found, saying) for found in loud_and_quiet(view, asked))
    yield from _table(loud, view)
    yield from (f"- unmet {code(need.what)}: {code(need.why)}{_in(need.file)}\n\n" for need in view.needs)
    yield from _gaps(view)
    lines = [f"- {line.head.strip()}: {code(line.text)}\n" for line in footer(view.scan, view.check, asked.statements)]
    yield _folded("What this rests on", lines)
    yield from (_finding(group, view) for group in loud)
    if quiet:
        yield _folded(f"{len(quiet):,} minor", _minor(quiet, view))


def _table(groups: Sequence[Sequence[Found]], view: View) -> Iterator[str]:
    if not groups:
        return
    yield "| severity | rule | what | where |\n|-|-|-|-|\n"
    for group in groups[:_ROWS]:
        file, finding = group[0]
        place = code(where(file, finding.at, view.scan.label), _CELL) + byte_range(finding.at) + _more(group)
        yield f"| {finding.severity} | {finding.rule.id} | {code(finding.message, _CELL)} | {place} |\n"
    yield f"\n{len(groups) - _ROWS:,} more below\n\n" if groups[_ROWS:] else "\n"


def _finding(group: Sequence[Found], view: View) -> str:
    file, finding = group[0]
    links = [f"[{reference}]({link(reference)})" for reference in finding.rule.references if link(reference)]
    digest = view.scan.digests.get(file)
    lines = [
        f"- where: {code(where(file, finding.at, view.scan.label))}{byte_range(finding.at)}{_more(group)}",
        *(f"- {code(key)}: {code(value)}" for key, value in finding.evidence),
        f"- why: {_prose(finding.rule.why)}",
        f"- do: {_prose(finding.rule.do)}",
        *([f"- file: `{digest}`"] if digest else []),
        *([f"- see: {', '.join(links)}"] if links else []),
    ]
    body = "\n".join([code(finding.message), "", *lines, ""])
    return _folded(f"{finding.severity}: {finding.rule.id}", [body])


def _gaps(view: View) -> Iterator[str]:
    if view.gaps:
        yield "Not examined, and never a pass:\n\n"
    for group in grouped(view.gaps, lambda gap: (gap[1].why, gap[1].do)):
        places = dict.fromkeys(gap_place(file, gap.at, view.scan.label) for file, gap in group)
        shown = ", ".join(code(place, _CELL) for place in list(places)[:_PLACES])
        more = f" and {len(places) - _PLACES:,} more" if len(places) > _PLACES else ""
        do = f"; do: {code(group[0][1].do)}" if group[0][1].do else ""
        yield f"- {shown}{more}: {code(group[0][1].why)}{do}\n"
    if view.gaps:
        yield "\n"


def _minor(groups: Sequence[Sequence[Found]], view: View) -> Iterator[str]:
    for group in groups[:_LINES]:
        file, finding = group[0]
        place = code(where(file, finding.at, view.scan.label), _CELL) + byte_range(finding.at) + _more(group)
        yield f"- {finding.severity}: {finding.rule.id}: {code(finding.message, _CELL)} in {place}\n"
    if groups[_LINES:]:
        yield f"- and {len(groups) - _LINES:,} more\n"


def _folded(summary: str, lines: Iterable[str]) -> str:
    """In one part, so that what is opened is closed."""
    return f"<details><summary>{summary}</summary>\n\n{''.join(lines)}\n</details>\n\n"


def _in(file: str) -> str:
    return f" ({code(file)})" if file else ""


def _prose(text: str) -> str:
    """Words of ours, in which names such as __reduce__ are no markup."""
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", text)


def _more(group: Sequence[Found]) -> str:
    return f" (and {len(group) - 1:,} more like it)" if len(group) > 1 else ""
