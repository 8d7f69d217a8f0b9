"""What became of the entries of a lock, ready to be reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from modelward.core.result import gravest

State = Literal[
    "pinned", "unchanged", "fetched", "same",
    "moved", "renamed", "deleted", "force-pushed", "changed", "registered anew", "refused", "doubtful",
    "not asked", "absent", "unexamined",
    "failed",
]  # fmt: skip

EXIT: Mapping[State, int] = {
    "pinned": 0, "unchanged": 0, "fetched": 0, "same": 0,
    "moved": 1, "renamed": 1, "deleted": 1, "force-pushed": 1, "changed": 1, "registered anew": 1, "refused": 1,
    "doubtful": 1,
    "not asked": 3, "absent": 3, "unexamined": 3,
    "failed": 4,
}  # fmt: skip


class Fate(NamedTuple):
    """Of one entry. *details* are for people, and quote names that are not trusted."""

    name: str
    source: str
    state: State
    details: tuple[str, ...] = ()


class Fates(NamedTuple):
    verb: str
    entries: tuple[Fate, ...]

    @property
    def exit_code(self) -> int:
        return gravest(EXIT[fate.state] for fate in self.entries)


def files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"
