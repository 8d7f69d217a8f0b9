"""What lies beside a SQLite database that somebody else may have put there.

Opening a database plays back its journal and its write-ahead log. The pages may say what they like, since whoever reads
them believes nothing; but SQLite removes the file that a journal names as the super-journal of a transaction over
several databases, writes where a link to a write-ahead log leads, and waits for what a pipe gives.

https://www.sqlite.org/fileformat2.html#the_rollback_journal
https://www.sqlite.org/atomiccommit.html#_multi_file_commit
"""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

_MAGIC = bytes.fromhex("d9d505f920a163d7")
"""A journal ends with it only after the name of a super-journal; it begins with it always."""


def refuse_traps(path: Path) -> None:
    """Before the database at *path*, whose journal is a rollback journal, is opened. Raises sqlite3.Error.

    Against what was put there before: whoever can write to the folder at this very moment is not kept from it."""
    for each in (f"{path.name}-wal", f"{path.name}-shm"):
        if os.path.lexists(path.with_name(each)):
            raise sqlite3.DatabaseError(f"{each} is there")
    journal = path.with_name(f"{path.name}-journal")
    if _is_file(path) and _is_file(journal) and _tail(journal) == _MAGIC:
        raise sqlite3.DatabaseError(f"{journal.name} names another file")


def _is_file(path: Path) -> bool:
    """False for what is not there."""
    try:
        is_regular = stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise sqlite3.OperationalError(f"{path.name} cannot be looked at") from error
    if not is_regular:
        raise sqlite3.DatabaseError(f"{path.name} is no regular file")
    return True


def _tail(journal: Path) -> bytes:
    """Of the journal alone: closing the database would give back the locks that other threads have on it.

    https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_"""
    try:
        # O_NONBLOCK: opening a FIFO put in the file's place must not wait for a writer
        descriptor = os.open(journal, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(descriptor, "rb") as file:
            file.seek(max(len(_MAGIC), os.fstat(descriptor).st_size - len(_MAGIC)))
            return file.read(len(_MAGIC))
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise sqlite3.OperationalError(f"{journal.name} cannot be read") from error
