"""What an audit of source code found, ready to be reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from modelward.core.finding import Finding, Severity, Unexamined


class Spot(NamedTuple):
    """A place in a text, line and column counted from 1. *cell* is that of a notebook, whose lines are then meant."""

    file: str
    """Escaped by canonical.escape_bytes."""
    line: int
    column: int
    cell: int = 0

    @property
    def order(self) -> tuple[str, int, int, int]:
        return self.file, self.cell, self.line, self.column


class Spotted(NamedTuple):
    at: Spot
    said: Finding | Unexamined


@dataclass(frozen=True, slots=True)
class SourceAudit:
    """Of all that the command line named. Both are in the order of the places."""

    findings: tuple[Spotted, ...]
    unexamined: tuple[Spotted, ...]
    files: int
    bytes: int
    left_out: tuple[str, ...] = ()
    """Folders that are no sources of one's own."""

    def exit_code(self, fail_on: Severity) -> int:
        """1 for findings of that severity, else 3 for what could not be examined."""
        if any(isinstance(one.said, Finding) and one.said.severity >= fail_on for one in self.findings):
            return 1
        return 3 if self.unexamined else 0
