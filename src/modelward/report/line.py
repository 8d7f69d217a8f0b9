"""A line of a report for people, before it is known whether a terminal or a pipe gets it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """One line: *head* is its label, under which the rest hangs where *text* is wrapped."""

    head: str = ""
    text: str = ""
    tone: str = ""


def plain(lines: Sequence[Line]) -> str:
    return "".join(f"{line.head}{line.text}".rstrip() + "\n" for line in lines)


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
