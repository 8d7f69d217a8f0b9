"""What went to a registry, and what came from one."""

from __future__ import annotations

from dataclasses import dataclass

from modelward.core.digest import Digest
from modelward.core.store import Kept


@dataclass(frozen=True, slots=True)
class Model:
    """What a registry has of a model."""

    about: Digest
    """Of the artifact."""
    manifest: Digest
    files: int
    size: int
    """Bytes of all files."""


@dataclass(frozen=True, slots=True)
class Brought:
    model: Model
    place: str
    """The folder, or the file."""


@dataclass(frozen=True, slots=True)
class Pushed:
    to: str
    new: tuple[Kept, ...]
    there: int
    """Statements that the registry listed already."""
    model: Model | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    source: str
    new: tuple[Kept, ...]
    there: int
    """Statements that the store had already."""
    others: int
    """What refers to the artifacts and is neither statement nor model."""
    unread: tuple[str, ...]
    """What says to be a statement and is none that is understood."""
    models: int = 0
    """What is listed as the artifacts themselves."""
    brought: Brought | None = None

    @property
    def exit_code(self) -> int:
        return 3 if self.unread else 0
