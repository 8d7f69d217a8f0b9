"""What was found at lines of files, for people and machines: the part that audits of code and of packages share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from modelward.core.finding import Finding, Unexamined
from modelward.core.source_audit import Spot, Spotted
from modelward.report.blocks import BLOCKS, shorten
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count


def place(at: Spot) -> str:
    cell = f", cell {at.cell}" if at.cell else ""
    return f"{visible(at.file)}{cell}:{at.line}:{at.column}" if at.file else ""


def remedy(said: Finding) -> tuple[str, str]:
    """What to do, and the heading that it stands under."""
    facts = dict(said.evidence)
    if "pin" in facts:
        return "  pin  ", facts["pin"]
    if "clear" in facts or "fixed" in facts:
        return "  do   ", f"take {facts.get('clear') or facts['fixed']}, or accept it in the policy until a day"
    return "  do   ", said.rule.do


def lines(findings: Sequence[Spotted], gaps: Sequence[Spotted]) -> Iterator[Line]:
    """The gravest first, as they come; an empty line behind them where there are any."""
    for one in findings[: BLOCKS * 5]:
        said = one.said
        assert isinstance(said, Finding)
        yield Line("", f"{said.severity}[{said.rule.id}]: {shorten(said.message)}", str(said.severity))
        if one.at.file:
            yield Line("  at   ", place(one.at))
        heading, text = remedy(said)
        yield Line(heading, shorten(text))
    if len(findings) > BLOCKS * 5:
        yield Line("", f"and {count(len(findings) - BLOCKS * 5, 'more finding')}: use --format json")
    for one in gaps[:BLOCKS]:
        yield Line("", f"unexamined: {place(one.at)}".rstrip(": "), "gap")
        yield Line("  why  ", shorten(getattr(one.said, "why", "")))
        yield Line("  do   ", shorten(getattr(one.said, "do", "")))
    if len(gaps) > BLOCKS:
        yield Line("", f"and {count(len(gaps) - BLOCKS, 'more unexamined part')}: use --format json")
    if findings or gaps:
        yield Line()


# -- for machines


def spot_to_json(at: Spot) -> dict[str, Any]:
    cell = {"cell": at.cell} if at.cell else {}
    return {"file": sound(at.file), "line": at.line, "column": at.column, **cell}


def finding_to_json(one: Spotted) -> dict[str, Any]:
    said = one.said
    assert isinstance(said, Finding)
    return spot_to_json(one.at) | {
        "rule": said.rule.id,
        "severity": str(said.severity),
        "message": sound(said.message),
        "evidence": {sound(key): sound(value) for key, value in said.evidence},
    }


def gap_to_json(one: Spotted) -> dict[str, Any]:
    assert isinstance(one.said, Unexamined)
    return spot_to_json(one.at) | {"why": sound(one.said.why), "do": sound(one.said.do)}


Flags = Callable[[Finding], bool]
"""Whether a finding makes the run fail."""
