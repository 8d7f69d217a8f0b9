"""What was found and what could not be examined, as blocks of lines for people."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from modelward.core.finding import Finding, Location
from modelward.report.escape import visible
from modelward.report.line import Line, count

if TYPE_CHECKING:
    from modelward.core.result import Reason, ScanResult
    from modelward.report.view import Found, Gap

BLOCKS = 20
LINES = 10
_NAMES = 5
_LONGEST = 400
_SAID_ELSEWHERE = frozenset({"does", "opcode"})

_T = TypeVar("_T")


def where(file: str, at: Location, label: str) -> str:
    """The file, then the members inside it. A lone file, and a tree itself, go by the target's name."""
    return " > ".join(visible(name) for name in (file or label, *at.inside))


def finding_blocks(findings: Iterable[Found], scan: ScanResult) -> Iterator[Line]:
    """A block for each finding; those of one rule in one file that say the same share one."""
    groups = grouped(findings, saying)
    for group in groups[:BLOCKS]:
        yield from _finding_block(group, scan)
        yield Line()
    yield from _hidden(groups[BLOCKS:], "more finding")


def finding_lines(findings: Iterable[Found], label: str) -> Iterator[Line]:
    """One line each, for findings that decide nothing; those that say the same in many files share one."""
    groups = grouped(findings, lambda found: saying(found)[1:])
    for group in groups[:LINES]:
        file, finding = group[0]
        text = f"{_headline(finding)}: {where(file, finding.at, label)}{_byte(finding.at)}{_more_alike(group)}"
        yield Line("", text, str(finding.severity))
    if groups[:LINES] and not groups[LINES:]:
        yield Line()
    yield from _hidden(groups[LINES:], "more minor finding")


def unmet_lines(needs: Sequence[Reason]) -> Iterator[Line]:
    for need in needs[:LINES]:
        place = f" ({visible(need.file)})" if need.file else ""
        yield Line("", f"unmet[{visible(need.what)}]: {shorten(need.why)}{place}", "unmet")
    if needs[:LINES] and not needs[LINES:]:
        yield Line()
    yield from _hidden([needs[LINES:]], "more unmet need")


def gap_blocks(gaps: Iterable[Gap], label: str) -> Iterator[Line]:
    """A block for each cause; gaps with the same cause and the same remedy share one."""
    groups = grouped(gaps, lambda gap: (gap[1].why, gap[1].do))
    for group in groups[:BLOCKS]:
        yield from _gap_block(group, label)
        yield Line()
    yield from _hidden(groups[BLOCKS:], "more unexamined part")


def _finding_block(group: Sequence[Found], scan: ScanResult) -> Iterator[Line]:
    file, finding = group[0]
    evidence = dict(finding.evidence)
    opcode = f", {shorten(evidence['opcode'])}" if "opcode" in evidence else ""
    yield Line("", _headline(finding), str(finding.severity))
    yield Line("  at   ", f"{where(file, finding.at, scan.label)}{_byte(finding.at)}{opcode}{_more_alike(group)}")
    if "does" in evidence:
        yield Line("  does ", shorten(evidence["does"]))
    others = [f"{visible(key)}: {shorten(value)}" for key, value in finding.evidence if key not in _SAID_ELSEWHERE]
    if others:
        yield Line("  with ", "; ".join(others))
    yield Line("  why  ", visible(finding.rule.why))
    if file in scan.digests:
        yield Line("  file ", str(scan.digests[file]))
    yield Line("  do   ", visible(finding.rule.do))


def _gap_block(group: Sequence[Gap], label: str) -> Iterator[Line]:
    first, *others = dict.fromkeys(gap_place(file, gap.at, label) for file, gap in group)
    yield Line("", f"unexamined: {first}", "gap")
    if others:
        more = f" and {len(others) - _NAMES:,} more" if len(others) > _NAMES else ""
        yield Line("  also ", "; ".join(others[:_NAMES]) + more)
    yield Line("  why  ", shorten(group[0][1].why))
    if group[0][1].do:
        yield Line("  do   ", shorten(group[0][1].do))


def gap_place(file: str, at: Location, label: str) -> str:
    return where(file, at, label) + (f", from byte {at.span[0]}" if at.span else "")


def byte_range(at: Location) -> str:
    if at.span is None:
        return ""
    first, end = at.span
    return f", byte {first}" if end - first <= 1 else f", bytes {first} to {end - 1}"


def _byte(at: Location) -> str:
    return f", byte {at.span[0]}" if at.span else ""


def _more_alike(group: Sequence[Found]) -> str:
    return f" (and {len(group) - 1:,} more like it)" if len(group) > 1 else ""


def _headline(finding: Finding) -> str:
    return f"{finding.severity}[{finding.rule.id}]: {shorten(finding.message)}"


def saying(found: Found) -> tuple[str, str, str, str | None]:
    file, finding = found
    return file, finding.rule.id, finding.message, dict(finding.evidence).get("does")


def shorten(text: str, longest: int = _LONGEST) -> str:
    """Visible, and not longer than people want to read."""
    shown = visible(text[:longest])
    return shown if len(text) <= longest else f"{shown} [{len(text) - longest:,} more characters]"


def _hidden(groups: Sequence[Sequence[object]], noun: str) -> Iterator[Line]:
    hidden = sum(map(len, groups))
    if hidden:
        yield Line("", f"and {count(hidden, noun)}: use --format json")
        yield Line()


def grouped(items: Iterable[_T], key: Callable[[_T], Hashable]) -> list[list[_T]]:
    groups: dict[Hashable, list[_T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())
