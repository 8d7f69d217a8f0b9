"""How a target far away was read: what held it in place meanwhile, and how much of it was fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """One file. *claim* is its digest as its hub says it, "" where nobody says any."""

    url: str
    """Without query, which can hold secrets."""
    pin: str
    """What showed that all answers were about one object, for people."""
    claim: str
    is_verified: bool
    """All of it was read, and it is what was claimed."""


@dataclass(frozen=True, slots=True)
class Remote:
    requests: int
    fetched: int
    """Bytes of bodies, those of lists included."""
    commit: str
    """Of the repository; "" for a file that is in none."""
    files: Mapping[str, Held]
