"""What a reader could not read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be read, from byte *start* on."""

    why: str
    start: int
    cut_short: bool = False
    """The file ends before something that it promises."""
