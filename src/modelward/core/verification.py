"""What comparing an artifact with a manifest or a signature has shown, ready to be reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["changed", "added", "missing", "renamed", "link", "type"]
Answer = Literal["verified", "different", "uncovered"]

EXIT: Mapping[Answer, int] = {"verified": 0, "different": 1, "uncovered": 3}


class Difference(NamedTuple):
    """*path* is escaped and where it is now; of what is missing or renamed, where it was listed."""

    kind: Kind
    path: str
    why: str


class Verification(NamedTuple):
    """All paths are escaped and relative to the target; "" is the target itself."""

    label: str
    against: str
    """What it was compared with, for people."""
    signers: tuple[str, ...]
    """Who vouches for that, proved; empty for a manifest that nobody signed."""
    files: int
    bytes: int
    differences: tuple[Difference, ...]
    uncovered: tuple[str, ...]
    """What is there and was left out of the list by rule, or by the list's own words."""
    accepts_uncovered: bool = False

    @property
    def answer(self) -> Answer:
        if self.differences:
            return "different"
        return "uncovered" if self.uncovered and not self.accepts_uncovered else "verified"

    @property
    def exit_code(self) -> int:
        return EXIT[self.answer]
