"""Errors that reach a person. Each carries one line and knows its exit code."""

from __future__ import annotations


def one_line(text: str) -> str:
    """*text* with everything escaped that does not print."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class ModelwardError(Exception):
    """Something kept the run from giving an answer. `str()` is one line: expected, got, what to do.

    Whatever untrusted text it quotes cannot break the line or move the cursor: characters that do
    not print are escaped.
    """

    exit_code = 4

    def __str__(self) -> str:
        return one_line(super().__str__())


class UsageError(ModelwardError):
    """The command line or a configuration file is wrong."""

    exit_code = 2


class Malformed(ModelwardError):
    """A statement or another machine-made document does not have the shape it must have."""


class ReadError(ModelwardError):
    """Bytes could not be read, or were not the same bytes when they were read again."""


class NotFetched(ReadError):
    """Bytes [start, end) of a file far away, the first of those asked for that nobody fetched. Whoever
    goes on without them must not take them for absent; they are named when the file is done."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__(f"bytes {start:,} to {end:,} were not fetched")
        self.start = start
        self.end = end


class Defect(ModelwardError):
    """modelward itself failed on something that it should have coped with."""
