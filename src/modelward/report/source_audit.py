"""An audit of source code: lines for people, canonical JSON, SARIF and annotations for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from modelward.core import canonical
from modelward.core.finding import Finding, Severity
from modelward.core.source_audit import SourceAudit
from modelward.report import spots
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count

_WORDS = {0: "clean", 1: "flagged", 3: "incomplete"}
_TONES = {0: "good", 1: "bad", 3: "open"}


def lines(audit: SourceAudit, fail_on: Severity) -> Iterator[Line]:
    """The last line holds the answer."""
    yield from spots.lines(audit.findings, audit.unexamined)
    for path in audit.left_out:
        yield Line("left out  ", f"{visible(path)}: no sources of this folder; name it to have it looked through")
    yield answer(audit, fail_on)


def answer(audit: SourceAudit, fail_on: Severity) -> Line:
    code = audit.exit_code(fail_on)
    severities = Counter(one.said.severity for one in audit.findings if isinstance(one.said, Finding))
    parts = [f"{number:,} {severity}" for severity, number in sorted(severities.items(), reverse=True)]
    parts = [*(parts or ["0 findings"]), f"{len(audit.unexamined):,} unexamined", count(audit.files, "file")]
    return Line("", f"{_WORDS[code]}: {', '.join(parts)} (exit {code})", _TONES[code])


# -- for machines


def machine(audit: SourceAudit, fail_on: Severity) -> bytes:
    """Canonical JSON, ends with a line break."""
    body = {
        "schema": "modelward/pins-audit/1",
        "outcome": _WORDS[audit.exit_code(fail_on)],
        "findings": [spots.finding_to_json(one) for one in audit.findings],
        "unexamined": [spots.gap_to_json(one) for one in audit.unexamined],
        "coverage": {"files": audit.files, "bytes": audit.bytes},
        "left_out": [sound(path) for path in audit.left_out],
    }
    return canonical.encode(body) + b"\n"


def sarif(audit: SourceAudit) -> bytes:
    from modelward.report.spots_sarif import sarif as render

    return render(audit.findings, audit.unexamined, "pins-audit")


def github(audit: SourceAudit, fail_on: Severity) -> str:
    from modelward.report.spots_github import github as render

    return render(audit.findings, audit.unexamined, lambda said: said.severity >= fail_on, answer(audit, fail_on).text)
