"""The lock file on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from modelward.checks.pins.lock import Entry, HubSource, Lock, WebSource, conflicts, render
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
        raw = _raw(path)
        return cls(path, raw, parse(raw, path) if raw else Lock())

    def _again(self) -> LockFile:
        """What is there now."""
        return self if _raw(self.path) == self.raw else self.read(self.path)

    def chosen(self, names: Sequence[str]) -> tuple[Entry, ...]:
        """The entries of *names*, or all. Raises UsageError."""
        if not self.raw:
            raise UsageError(f"there is no lock {self.path!r}: modelward pin hf://org/name makes one, --lock names one")
        there = {entry.name for entry in self.lock.entries}
        for name in names:
            if name not in there:
                raise UsageError(f"{self.path!r} has no pin {name!r}; it has {', '.join(sorted(there)) or 'none'}")
        return tuple(entry for entry in self.lock.entries if not names or entry.name in names)

    def before(self, name: str, source: HubSource | WebSource) -> Entry | None:
        """What has that name, if anything, which must be of the same thing as *source*. Raises UsageError."""
        there = next((entry for entry in self.lock.entries if entry.name == name), None)
        if there and _of(there.source) != _of(source):
            raise UsageError(f"{self.path!r} has {str(there.source)!r} as {name!r}: give this one another --name")
        return there

    def add(self, entries: Sequence[Entry], waiting: Callable[[], None]) -> None:
        """Puts *entries* into the file, in one step, after any other process that does so. Raises ModelwardError."""
        place = place_of(self.path)
        with alone_in(place.parent, waiting):
            now = self._again()
            for entry in entries:  # which another process may have added meanwhile
                now.before(entry.name, entry.source)
            added = now.lock.having(entries)
            if added == now.lock and now.raw:
                return
            for conflict in conflicts(added.entries):
                name = added.entries[conflict.number].name
                raise UsageError(f"{name!r} does not go into {self.path!r}: {conflict.why}; got {conflict.got!r}")
            made = render(added)
            try:
                replace_file(place, made)
            except OSError as error:
                raise ReadError(f"cannot write {self.path!r}: {reason(error)}") from error


def _raw(path: str) -> bytes:
    return read_named(path, "--lock", _MOST) if Path(path).exists() else b""


def place_of(path: str) -> Path:
    """Where a lock is written, behind links. Raises UsageError for what is there and is no file: it would be replaced
    by one, a device too."""
    place = Path(os.path.realpath(path))
    if os.path.lexists(place) and not place.is_file():
        raise UsageError(f"--lock {path!r} is no regular file: name one")
    return place


def _of(source: HubSource | WebSource) -> object:
    """What is pinned, at whatever revision."""
    match source:
        case HubSource(ref=ref):
            return replace(ref, revision="")
        case WebSource(url=url):
            return url
