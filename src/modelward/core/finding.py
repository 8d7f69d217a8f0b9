"""What a check says: findings, and what could not be examined. Both are values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from modelward.core.digest import Digest


class Severity(IntEnum):
    """Ordered, so that thresholds are comparisons."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Severity:
        return cls[text.upper()]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding. The id is a kebab-case noun phrase and is never reused."""

    id: str
    severity: Severity
    title: str
    """What loading does, in a few words: the headline of the finding."""
    why: str
    """Why it matters, one or two sentences."""
    do: str
    """What to do next, one sentence."""
    references: tuple[str, ...] = ()
    """CWE-…, AML.T… (MITRE ATLAS), LLM…/ML… (OWASP), GHSA-…, CVE-…, links."""


@dataclass(frozen=True, slots=True)
class Location:
    """*blob* is the file that holds it (None: the tree itself); *inside* the members passed on
    the way in; *span* the bytes [start, end) in the innermost of them."""

    blob: Digest | None
    inside: tuple[str, ...] = ()
    span: tuple[int, int] | None = None

    def __lt__(self, other: Location) -> bool:
        """The tree before its files, a whole before its parts."""
        return self._order() < other._order()

    def _order(self) -> tuple[str, tuple[str, ...], tuple[int, int]]:
        return ("" if self.blob is None else str(self.blob), self.inside, self.span or (-1, -1))


@dataclass(frozen=True, slots=True)
class Finding:
    rule: Rule
    at: Location
    message: str
    evidence: tuple[tuple[str, str], ...] = ()

    @property
    def severity(self) -> Severity:
        return self.rule.severity


@dataclass(frozen=True, slots=True)
class Unexamined:
    """A part that could not be looked at. It never counts as harmless."""

    at: Location
    why: str
    do: str = field(default="")
    """What would make it examinable; empty where nothing would."""
