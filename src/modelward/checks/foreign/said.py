"""What a reader of another tool's words yields, and the few shapes that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelward.core.finding import Rule

_LONGEST = 200  # characters of a name or a title that somebody else wrote


@dataclass(frozen=True, slots=True)
class Result:
    """Something that another tool found."""

    rule: Rule
    message: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """What another tool did not look at, or says in words that are not read here."""

    why: str


Said = Iterator[Result | Gap]
Object = Mapping[str, Any]


def each(value: object, what: str, read: Callable[[Object], Said]) -> Said:
    """What *read* makes of the objects in a list. Go writes null for a list without entries, or leaves it out."""
    if value is None:
        return
    if not isinstance(value, list):
        yield Gap(f"{what} is no list")
        return
    for number, entry in enumerate(value, 1):
        if isinstance(entry, dict):
            yield from read(entry)
        else:
            yield Gap(f"{what}: entry {number:,} is no object")


def needed(value: object, what: str, read: Callable[[Object], Said]) -> Said:
    """The same for a list without which nothing is known."""
    if value is None:
        yield Gap(f"{what} is missing")
    yield from each(value, what, read)


def text(value: object, otherwise: str = "") -> str:
    """*value* in bounds if it is a text with something in it."""
    if not isinstance(value, str) or not value.strip():
        return otherwise
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


def within(value: object, *keys: str) -> Any:
    """What lies that deep in nested objects; None where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def listed(value: object) -> list[Any]:
    """*value* if it is a list: for what adds to a result and does not decide alone."""
    return value if isinstance(value, list) else []
