"""Errors that reach a person. Each carries one line and knows its exit code."""

from __future__ import annotations


class ModelwardError(Exception):
    """Something kept the run from giving an answer. `str()` is one line: expected, got, what to do.

    Whatever untrusted text it quotes cannot break the line or move the cursor: characters that do
    not print are escaped.
    """

    exit_code = 4

    def __str__(self) -> str:
        text = super().__str__()
        return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class UsageError(ModelwardError):
    """The command line or a configuration file is wrong."""

    exit_code = 2


class Malformed(ModelwardError):
    """A statement or another machine-made document does not have the shape it must have."""


class ReadError(ModelwardError):
    """Bytes could not be read, or were not the same bytes when they were read again."""
