"""Results as one HTML page that loads nothing: no script, no font, no picture from elsewhere.

All text goes through `Tag`, which escapes it; a content security policy forbids what is not the one
style sheet, should anything slip through.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files

from modelward.core.finding import Finding, Location, Severity, Unexamined
from modelward.core.result import Failure, Report, exit_code
from modelward.report.blocks import byte_range, gap_place, grouped, saying, shorten, where
from modelward.report.escape import visible
from modelward.report.footer import footer
from modelward.report.line import count
from modelward.report.references import link
from modelward.report.view import (
    TONES,
    Asked,
    Found,
    Gap,
    View,
    answer,
    answer_to_all,
    loud_and_quiet,
    next_step,
    report_label,
    view_of,
)

_LONGEST = 4_000
_GRAVITY = (4, 2, 1, 3, 0)
_BLOCKS = 500
_ROWS = 1_000
_PLACES = 50
_COLOURS = 6


class Html(str):
    """Markup that is safe: made by `tag` alone."""

    __slots__ = ()


def tag(name: str, *children: str | Html, **attributes: str) -> Html:
    """An element. Text in it, and attributes, are made visible and escaped; `class_` is the class."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(visible(value))}"' for key, value in attributes.items()
    )
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[str | Html]) -> Html:
    return Html("".join(each if isinstance(each, Html) else escape(shorten(each, _LONGEST)) for each in children))


def render(reports: Sequence[Report], asked: Asked) -> str:
    style = files("modelward.report").joinpath("data", "page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = _title(reports, asked)
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"{tag('title', title)}\n<style>{style}</style>\n</head>\n"
    )
    level = "h2" if len(reports) > 1 else "h1"
    targets = [tag("div", _target(report, asked, level), id=f"target-{n}") for n, report in enumerate(reports)]
    overview = [tag("h1", title), _contents(reports, asked)] if len(reports) > 1 else []
    body = tag("main", *overview, *targets)
    return f"{head}<body>\n{body}\n</body>\n</html>\n"


def _contents(reports: Sequence[Report], asked: Asked) -> Html:
    """The targets, the gravest first."""
    order = sorted(range(len(reports)), key=lambda n: _GRAVITY.index(exit_code(reports[n], asked.fail_on)))
    items = []
    for n in order:
        report = reports[n]
        code = exit_code(report, asked.fail_on)
        word = "failed" if isinstance(report, Failure) else view_of(report, asked).word
        items.append(
            tag("li", tag("b", word, class_=TONES[code]), " ", tag("a", report_label(report), href=f"#target-{n}"))
        )
    return tag("ul", *items, class_="contents")


def _title(reports: Sequence[Report], asked: Asked) -> str:
    if len(reports) > 1:
        return f"modelward: {answer_to_all(reports, asked)[0]}"
    return f"modelward: {report_label(reports[0])}"


def _target(report: Report, asked: Asked, level: str) -> Html:
    name = tag(level, report_label(report), class_="target")
    if isinstance(report, Failure):
        return tag("section", name, tag("p", tag("strong", "failed"), f": {report.why}", class_="verdict bad"))
    view = view_of(report, asked)
    loud, quiet = loud_and_quiet(view, asked)
    words = answer(view).removeprefix(view.word)
    verdict = tag("p", tag("strong", view.word), words, class_=f"verdict {TONES[view.exit_code]}")
    step = next_step(view, asked)
    parts = [
        name,
        verdict,
        *_bars(view),
        *_findings(loud, view),
        *_needs(view),
        *_gaps(view.gaps, view.scan.label),
        *_minor(quiet, view),
        tag("h3", "What this rests on"),
        _pairs((line.head.strip(), line.text) for line in footer(view.scan, view.check, asked.statements)),
        _pairs([("rules", view.scan.rules)]),
        *_files(view),
        *([tag("p", tag("b", "next: "), step)] if step else []),
    ]
    return tag("section", *parts)


# -- bars: how much of what, for those who look before they read


def _bars(view: View) -> Iterator[Html]:
    severities = Counter(finding.severity for _, finding in view.findings)
    shown = {str(severity): severities[severity] for severity in sorted(Severity, reverse=True)}
    yield from _bar("findings", shown | {"unexamined": len(view.gaps)}, named=True)
    yield from _bar("files by format", dict(view.scan.coverage.formats))


def _bar(title: str, counts: Mapping[str, int], named: bool = False) -> Iterator[Html]:
    """*named*: a part has the colour of its name; else the largest have one each, and the rest one together."""
    present = [(name, number) for name, number in counts.items() if number]
    if not named:
        present.sort(key=lambda item: -item[1])
        if present[_COLOURS:]:
            present[_COLOURS - 1 :] = [("of other kinds", sum(number for _, number in present[_COLOURS - 1 :]))]
    total, at, parts, legend = sum(number for _, number in present), 0.0, [], []
    for place, (name, number) in enumerate(present):
        width = 100 * number / total
        kind = f"part {name}" if named else f"part kind{place}"
        text = f"{number:,} {name}"
        parts.append(tag("rect", tag("title", text), x=f"{at:.2f}", width=f"{width:.2f}", height="4", class_=kind))
        legend.append(tag("li", tag("i", class_=kind), text))
        at += width
    if present:
        said = f"{title}: {', '.join(f'{number:,} {name}' for name, number in present)}"
        caption = tag("figcaption", title, tag("ul", *legend))
        drawn = tag("svg", *parts, viewBox="0 0 100 4", preserveAspectRatio="none", role="img", aria_label=said)
        yield tag("figure", drawn, caption)


# -- what was found


def _findings(found: Sequence[Found], view: View) -> Iterator[Html]:
    groups = grouped(found, saying)
    for severity in sorted(Severity, reverse=True):
        shown = [group for group in groups[:_BLOCKS] if group[0][1].severity == severity]
        if shown:
            yield tag("h3", f"{severity}: {sum(finding.severity == severity for _, finding in found):,}")
            yield from (_finding(group, view) for group in shown)
    if groups[_BLOCKS:]:
        yield tag("p", f"{len(groups) - _BLOCKS:,} more findings are not shown: --format json lists all of them")


def _finding(group: Sequence[Found], view: View) -> Html:
    file, finding = group[0]
    evidence = dict(finding.evidence)
    does = [tag("pre", evidence.pop("does"))] if "does" in evidence else []
    facts = [("where", where(file, finding.at, view.scan.label) + byte_range(finding.at)), *sorted(evidence.items())]
    if len(group) > 1:
        others = "; ".join(_position(other) for _, other in group[1 : _PLACES + 1])
        facts.append((f"{len(group) - 1:,} more like it", others))
    if file in view.scan.digests:
        facts.append(("file", str(view.scan.digests[file])))
    facts += [("why", finding.rule.why), ("do", finding.rule.do)]
    return tag(
        "article",
        tag("h4", tag("span", str(finding.severity), class_="badge"), finding.message, " ", _code(finding.rule.id)),
        *does,
        _pairs(facts),
        *_references(finding),
        class_=str(finding.severity),
    )


def _references(finding: Finding) -> Iterator[Html]:
    links = [
        tag("a", reference, href=link(reference), rel="noreferrer") if link(reference) else tag("span", reference)
        for reference in finding.rule.references
    ]
    if links:
        yield tag("p", "see ", *[part for each in links for part in (each, " ")], class_="see")


def _needs(view: View) -> Iterator[Html]:
    if view.needs:
        yield tag("h3", f"unmet needs of the policy: {len(view.needs):,}")
        yield _pairs((need.what, need.why + (f" ({need.file})" if need.file else "")) for need in view.needs)


def _gaps(gaps: Sequence[Gap], label: str) -> Iterator[Html]:
    if gaps:
        yield tag("h3", f"not examined, and never a pass: {len(gaps):,}")
    groups = grouped(gaps, lambda gap: (gap[1].why, gap[1].do))
    for group in groups[:_BLOCKS]:
        places = list(dict.fromkeys(gap_place(file, gap.at, label) for file, gap in group))
        more = f" and {len(places) - _PLACES:,} more" if places[_PLACES:] else ""
        yield tag("article", _pairs(_gap_facts(group[0][1], "; ".join(places[:_PLACES]) + more)), class_="unexamined")
    if groups[_BLOCKS:]:
        yield tag("p", f"{len(groups) - _BLOCKS:,} more are not shown: --format json lists all of them")


def _gap_facts(gap: Unexamined, places: str) -> Iterator[tuple[str, str]]:
    yield "where", places
    yield "why", gap.why
    if gap.do:
        yield "do", gap.do


def _minor(found: Sequence[Found], view: View) -> Iterator[Html]:
    groups = grouped(found, saying)
    rows = [
        (str(finding.severity), finding.rule.id, finding.message, where(file, finding.at, view.scan.label))
        for file, finding in (group[0] for group in groups)
    ]
    if rows:
        yield _table(count(len(groups), "minor finding"), ("severity", "rule", "what", "where"), rows)


# -- what it rests on


def _files(view: View) -> Iterator[Html]:
    scan = view.scan
    rows = [(path or scan.label, f"{scan.sizes.get(path, 0):,}", str(scan.digests[path])) for path in scan.digests]
    if rows:
        yield _table(count(len(rows), "file"), ("file", "bytes", "digest"), rows)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    shown = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows[:_ROWS]]
    head = tag("tr", *(tag("th", name, scope="col") for name in heads))
    more = [tag("p", f"and {len(rows) - _ROWS:,} more: --format json")] if rows[_ROWS:] else []
    body = tag("table", tag("thead", head), tag("tbody", *shown))
    return tag("details", tag("summary", title), body, *more)


def _pairs(facts: Iterable[tuple[str, str]]) -> Html:
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value, class_=_kind(name))) for name, value in facts))


def _kind(name: str) -> str:
    """Sentences are set otherwise than names and numbers."""
    return "prose" if name in ("why", "do") else "exact"


def _code(text: str) -> Html:
    return tag("code", text)


def _position(finding: Finding) -> str:
    at: Location = finding.at
    return (" > ".join(at.inside) + byte_range(at)).removeprefix(", ") or "there, too"
