"""What a conversion came to, ready to be reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelward.core.digest import Digest


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What the output does not have. *file* is the escaped path in the input, "" for a lone file."""

    file: str
    path: str
    """Where it stands in the checkpoint, "" for the whole of it."""
    what: str


@dataclass(frozen=True, slots=True)
class ConversionResult:
    label: str
    """The input as it was named on the command line, escaped."""
    output: str
    refused: str = ""
    """Why nothing was converted; empty where something was."""
    inputs: Mapping[str, Digest] | None = None
    digest: Digest | None = None
    """Of the output."""
    tensors: int = 0
    bytes: int = 0
    left_out: tuple[LeftBehind, ...] = ()
    shared: tuple[tuple[str, ...], ...] = ()
    """Names of tensors that were the same numbers in memory, and are equal copies now."""

    @property
    def exit_code(self) -> int:
        return 1 if self.refused else 3 if self.left_out else 0
