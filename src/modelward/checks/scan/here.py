"""What a format's examiner is given, and what it may say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.core.errors import NotFetched
from modelward.core.finding import Finding, Location, Rule, Unexamined
from modelward.core.limits import Limits
from modelward.formats.source import Budget


@dataclass(frozen=True, slots=True)
class Nested:
    """A part that is a file of its own: sniffed and examined like one, one level deeper."""

    name: str
    source: Source
    raw: bool = False
    """Its container says that it is raw numbers (a tensor): being unrecognised is then no gap,
    but whatever is found in it still counts."""


Said = Finding | Unexamined | Nested
"""Everything an examiner can yield."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where the examiner stands. Locations carry no digest yet: it is known when the whole
    file has been read, and belongs to all of them alike."""

    inside: tuple[str, ...]
    limits: Limits
    budget: Budget
    """Decompressed bytes that may still be produced for the whole file."""

    def into(self, name: str) -> Here:
        return Here((*self.inside, name), self.limits, self.budget)

    def at(self, start: int | None = None, end: int | None = None) -> Location:
        if start is None:
            return Location(None, self.inside)
        return Location(None, self.inside, (start, start + 1 if end is None else end))

    def finding(
        self, rule: Rule, message: str, start: int | None = None, end: int | None = None, **evidence: str
    ) -> Finding:
        return Finding(rule, self.at(start, end), message, tuple(sorted(evidence.items())))

    def unexamined(self, why: str, start: int | None = None, end: int | None = None, do: str = "") -> Unexamined:
        return Unexamined(self.at(start, end), why, do)


NOT_KNOWN = "not a format that is known here"
UNREAD = "it was not read: a file far away is read in part"


def as_far_as_fetched(said: Iterator[Said], here: Here) -> Iterator[Said]:
    """What is said, up to where it asks for bytes of a file far away that were not fetched."""
    try:
        yield from said
    except NotFetched:
        yield here.unexamined(UNREAD)


Examiner = Callable[[Source, Here], Iterator[Said]]
"""Reads one format and says what it sees. Registered by format name in examiners.py."""
