"""What a file says about other files, kept while it is read: for the rules of the whole tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from modelward.checks.scan.naming import Naming, code_named_in
from modelward.checks.scan.shards import Shards, shards_named_in
from modelward.core.artifact import Source


@dataclass(frozen=True, slots=True)
class Notes:
    code: Naming = field(default_factory=Naming)
    shards: Shards = field(default_factory=Shards)


TOO_MANY = Notes(Naming(problem="more configurations that name other files than the limit; this one was not read"))


def notes_of(source: Source) -> Notes | None:
    """*source* is JSON, or something that a loader takes for it. None: it says nothing about other files."""
    found = Notes(code_named_in(source) or Naming(), shards_named_in(source))
    return found if found != Notes() else None
