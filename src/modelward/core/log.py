"""What reading a transparency log has shown, ready to be reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["rewritten", "removed", "unlogged", "missing", "damaged", "unsigned", "inconsistent"]
Answer = Literal["consistent", "inconsistent"]

EXIT: Mapping[Answer, int] = {"consistent": 0, "inconsistent": 1}


class Problem(NamedTuple):
    """*where* is a file of the log, or the digest of a statement."""

    kind: Kind
    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Head:
    """The checkpoint of a log, its signature verified."""

    origin: str
    size: int
    root: str
    """Hex."""
    key: str
    """The verifier key that has signed it, as C2SP writes it: name+id+base64."""
    is_named: bool
    """Whether that key was named by whoever asks; else it is the one that lies beside the log."""
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogVerification:
    head: Head | None
    """None if there is no checkpoint that the log's key has signed: then nothing else was looked at."""
    problems: tuple[Problem, ...]
    statements: int | None = None
    """Of the store, that were compared with the log; None where there was none to compare with."""
    since: int | None = None
    """The size in the earlier checkpoint, whether or not the log continues it."""
    unused: tuple[str, ...] = ()
    """Files that are no part of the log: what writers were about to do when they were killed."""

    @property
    def answer(self) -> Answer:
        return "inconsistent" if self.problems else "consistent"

    @property
    def exit_code(self) -> int:
        return EXIT[self.answer]


class Record(NamedTuple):
    """Both texts are untrusted."""

    number: int
    summary: str
    text: str


@dataclass(frozen=True, slots=True)
class LogContents:
    head: Head
    records: tuple[Record, ...]
