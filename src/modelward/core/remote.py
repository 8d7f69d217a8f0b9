"""How a target far away was read: what held it in place meanwhile, and how much of it was fetched."""

from __future__ import annotations

import re
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


_ADDRESS = re.compile(
    r"(https?://)(?:[^/?#]*@)?(\[[^]/?#@]*\]|[^:/?#@]*)(:[0-9]*)?(/[^?#]*)?(?:[?#].*)?", re.I | re.DOTALL
)
_SCHEME = re.compile(r"https?://", re.I)


def named(url: str) -> str:
    """An address for people: without what may be secret in it, a query or a password."""
    scheme = _SCHEME.match(url)
    if not scheme:
        return url.partition("?")[0].partition("#")[0]
    found = _ADDRESS.fullmatch(url)
    return "".join(part or "" for part in found.groups()) if found else f"{scheme[0]}..."
