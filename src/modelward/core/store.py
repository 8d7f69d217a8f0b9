"""What is kept in an evidence store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modelward.core.digest import Digest

IN_TOTO = "application/vnd.in-toto+json"
"""The media type of a statement that nobody has signed."""


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """One statement about one artifact, without its bytes."""

    about: Digest
    predicate_type: str
    media_type: str
    """What the bytes are: a bare statement, a DSSE envelope, a sigstore bundle."""
    statement: Digest
    """sha256 of the bytes as they came."""
    size: int

    @property
    def is_signed(self) -> bool:
        """Whether it says that somebody signed it."""
        return self.media_type != IN_TOTO


@dataclass(frozen=True, slots=True)
class Listing:
    """Statements, each with its place in the log, and what is wrong with the store."""

    statements: tuple[tuple[Kept, int | None], ...]
    problems: tuple[str, ...]
    is_verified: bool
    """Whether every byte was read; else the problems are those that were met in passing."""

    @property
    def answer(self) -> Literal["sound", "damaged"]:
        return "damaged" if self.problems else "sound"

    @property
    def exit_code(self) -> int:
        return 1 if self.problems else 0


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed from a store."""

    blobs: int
    bytes: int
    temporary: int
