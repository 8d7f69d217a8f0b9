"""How the readers say that something could not be understood."""

from __future__ import annotations

from modelward.core.dependency import Gap
from modelward.core.finding import Location, Unexamined
from modelward.core.source_audit import Spot

DO_WRITE_ANEW = "make the lock anew with the tool that wrote it"

_NOWHERE = Location(None)


def gap(file: str, line: int, why: str, do: str = "") -> Gap:
    """At *line* of *file*. Neither text quotes the line: a file that somebody else includes may hold secrets."""
    return Gap(Spot(file, line, 1), Unexamined(_NOWHERE, why, do))
