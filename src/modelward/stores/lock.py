"""One writer at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelward.core.errors import ReadError
from modelward.stores.files import reason

_WAIT = 60.0
"""Seconds that another process may hold the lock."""
_PAUSE = 0.01


class Unwritable(ReadError):
    """Nobody can write there, or somebody does for too long."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of *folder*, which the system gives back when a process ends, however it does. Raises
    Unwritable. flock, not lockf: it also keeps two threads of one process apart."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise Unwritable(f"{str(folder)!r} cannot be written to: {reason(error)}") from error
    try:
        until = time.monotonic() + _WAIT
        while not _take(descriptor):
            if time.monotonic() > until:
                raise Unwritable(f"another process has been writing to {str(folder)!r} for {_WAIT:.0f} s: try again")
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
