"""The lock file on disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelward.checks.pins.lock import Entry, Lock, conflicts, render
from modelward.checks.pins.reader import parse
from modelward.core.errors import ReadError, UsageError
from modelward.stores.fetch import alone_in
from modelward.stores.files import read_named, reason
from modelward.stores.write import replace_file

FILE = "modelward.lock"
_MOST = 256 << 20


@dataclass(frozen=True, slots=True)
class LockFile:
    """As it was read. *raw* is empty where there was none."""

    path: str
    raw: bytes
    lock: Lock

    @classmethod
    def read(cls, path: str) -> LockFile:
        """Raises UsageError for one that is not what it must be."""
        raw = read_named(path, "--lock", _MOST) if Path(path).exists() else b""
        return cls(path, raw, parse(raw, path) if raw else Lock())

    def chosen(self, names: Sequence[str]) -> tuple[Entry, ...]:
        """The entries of *names*, or all. Raises UsageError."""
        if not self.raw:
            raise UsageError(f"there is no lock {self.path!r}: modelward pin hf://org/name makes one, --lock names one")
        there = {entry.name for entry in self.lock.entries}
        for name in names:
            if name not in there:
                raise UsageError(f"{self.path!r} has no pin {name!r}; it has {', '.join(sorted(there)) or 'none'}")
        return tuple(entry for entry in self.lock.entries if not names or entry.name in names)

    def add(self, entries: Sequence[Entry], waiting: Callable[[], None]) -> None:
        """Puts *entries* into the file, in one step, after any other process that does so. Raises ModelwardError."""
        place = Path(self.path).resolve()
        with alone_in(place.parent, waiting):
            raw = read_named(self.path, "--lock", _MOST) if place.exists() else b""
            now = self.lock if raw == self.raw else parse(raw, self.path)
            added = now.having(entries)
            if added == now and raw:
                return
            for conflict in conflicts(added.entries):
                name = added.entries[conflict.number].name
                raise UsageError(f"{name!r} does not go into {self.path!r}: {conflict.why}; got {conflict.got!r}")
            made = render(added)
            try:
                replace_file(place, made)
            except OSError as error:
                raise ReadError(f"cannot write {self.path!r}: {reason(error)}") from error
