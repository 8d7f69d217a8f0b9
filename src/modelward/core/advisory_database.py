"""What a database of advisories says of itself."""

from __future__ import annotations

from typing import NamedTuple

from modelward.core.dependency_audit import DatabaseFacts


class Made(NamedTuple):
    """How it came to be."""

    at: str
    """RFC 3339."""
    program: str
    """The version of modelward."""
    problems: tuple[tuple[str, str], ...]
    """The first of the records that could not be read, and why."""
    withdrawn: int
    """Records that their feed has taken back. They count as nothing."""


class Held(NamedTuple):
    facts: DatabaseFacts
    made: Made
    is_from_the_future: bool
    """Its youngest record is younger than now: the clock is wrong, or a feed."""


class Synced(NamedTuple):
    held: Held
    before: DatabaseFacts | None
    """Of the database that was replaced, if one was there that could be read."""
