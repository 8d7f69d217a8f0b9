"""What was found at lines of files as annotations of GitHub, apart from spots.py because of what it imports.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Sequence

from modelward.core.finding import Finding
from modelward.core.source_audit import Spotted
from modelward.report.github import MOST, command
from modelward.report.spots import Flags


def github(findings: Sequence[Spotted], gaps: Sequence[Spotted], flags: Flags, answer: str) -> str:
    made = [_annotation(one, flags) for one in (*findings, *gaps)]
    left_out = len(made) - MOST
    if left_out > 0:
        made[MOST:] = [command("warning", "", "more", f"{left_out:,} more: --format json has them all")]
    return "\n".join([*made, answer, ""])


def _annotation(one: Spotted, flags: Flags) -> str:
    at, said = one
    if isinstance(said, Finding):
        kind = "error" if flags(said) else "warning"
        pin = dict(said.evidence).get("pin", "")
        title, text = f"{said.severity}: {said.rule.id}", ": pin: ".join(filter(None, (said.message, pin)))
    else:
        kind, title, text = "warning", "unexamined", f"{said.why}: {said.do}"
    if at.cell:
        return command(kind, at.file, title, f"{text} (cell {at.cell}, line {at.line})")
    return command(kind, at.file, title, text, (at.line, at.column) if at.file else None)
