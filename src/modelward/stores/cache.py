"""Results of earlier runs on disk, found again by what they are about: one SQLite file in a folder.

It saves work and decides nothing: what cannot be read, is damaged or cannot be written is work done
again. Whoever can write to the folder could put results there, so one that others than the user can
write to is not used, nor one that came with what is examined.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.stores.files import Identity, reason
from modelward.stores.sqlite_files import refuse_traps

FILE = "results-1.sqlite"
_MOST = 200_000
"""Results kept; the oldest go first."""
_LARGEST = 1 << 20
_LONGEST = 2 << 20
"""Bytes of a value that is taken from the file."""
_WAIT = 5.0
"""Seconds that another process may hold the file."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS result (
  kind BLOB, digest BLOB, size INTEGER, hint BLOB, body BLOB, mark BLOB, PRIMARY KEY (kind, digest));
CREATE INDEX IF NOT EXISTS by_hint ON result (kind, hint);
CREATE TABLE IF NOT EXISTS seen (place TEXT PRIMARY KEY, state TEXT, digest BLOB, mark BLOB);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One result to keep. An empty *body* was there before."""

    blob: Blob
    body: bytes
    hint: bytes
    """Tells contents apart without reading them whole; two contents may share one."""
    identity: Identity | None
    """None where the file was too young for its times to tell its content from the next one."""


class Cache:
    """Results of one *kind*: everything besides the content that they depend on, as a digest.

    The first trouble is kept in `trouble`, one line for people; after it nothing is found or kept.
    """

    def __init__(self, folder: str, kind: bytes, targets: Iterable[str] = ()) -> None:
        """*targets* are what will be examined. Their authors' files are no place for results."""
        self.trouble = ""
        self._kind = kind
        self._db: sqlite3.Connection | None = None
        self._path = Path(folder) / FILE
        try:
            around = next((target for target in targets if _is_below(folder, target)), None)
            if around is not None:
                self._give_up(f"it lies in {around!r}, whose author could put results there; name a folder elsewhere")
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _is_ours(self._path):
                self._open()
            else:
                self._give_up("others can write to it; name a folder of your own")
        except (OSError, ValueError) as error:
            self._give_up(f"{reason(error)}; name a folder that can be written to")
        except sqlite3.Error as error:
            self._damaged(error)

    def _open(self) -> None:
        refuse_traps(self._path)
        self._db = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        self._db.executescript(_SCHEMA)
        if self._db.execute("SELECT 1 FROM sqlite_schema WHERE type IN ('view', 'trigger')").fetchone():
            raise sqlite3.DatabaseError("it computes what it says")

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def get(self, digest: Digest) -> bytes | None:
        raw = bytes.fromhex(digest.value)
        row = self._row("SELECT size, body, mark FROM result WHERE kind = ? AND digest = ?", self._kind, raw)
        if row is None or row[2] != _mark(self._kind, raw, *row[:2]):
            return None
        return row[1] if isinstance(row[1], bytes) else None

    def expects(self, hint: bytes) -> bool:
        """Whether something with this *hint* is kept, so that hashing alone may do."""
        return self._row("SELECT 1 FROM result WHERE kind = ? AND hint = ?", self._kind, hint) is not None

    def blob(self, identity: Identity) -> Blob | None:
        """What the file of this *identity* held when it was last read."""
        row = self._row("SELECT digest, mark FROM seen WHERE place = ? AND state = ?", identity.place, identity.state)
        if row is None or row[1] != _mark(identity.place, identity.state, row[0]):
            return None
        if not isinstance(row[0], bytes) or len(row[0]) != 32:
            return None
        return Blob(Digest("sha256", row[0].hex()), identity.size)

    def put(self, kept: Iterable[Kept]) -> None:
        """All of them or none. Each replaces what is there about the same content, or the same file."""
        results, files = [], []
        for item in kept:
            raw, body = bytes.fromhex(item.blob.digest.value), item.body
            if 0 < len(body) <= _LARGEST:
                mark = _mark(self._kind, raw, item.blob.size, body)
                results.append((self._kind, raw, item.blob.size, item.hint, body, mark))
            if item.identity is not None:
                key = item.identity.place, item.identity.state, raw
                files.append((*key, _mark(*key)))
        if self._db is None or not (results or files):
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?)", results)
            self._db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", files)
            for table in ("result", "seen"):
                oldest = f"SELECT rowid FROM {table} ORDER BY rowid DESC LIMIT -1 OFFSET {_MOST}"
                self._db.execute(f"DELETE FROM {table} WHERE rowid IN ({oldest})")
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._damaged(error)

    def _row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        if self._db is None:
            return None
        try:
            row: tuple[Any, ...] | None = self._db.execute(query, values).fetchone()
        except sqlite3.Error as error:
            self._damaged(error)
            return None
        return row

    def _damaged(self, error: sqlite3.Error) -> None:
        self._give_up(f"{error}; delete it if that persists")

    def _give_up(self, why: str) -> None:
        self.close()
        self.trouble = self.trouble or f"the cache {str(self._path)!r} is not used: {why}"


def _is_below(folder: str, target: str) -> bool:
    around = os.path.realpath(target)
    return os.path.commonpath([around, os.path.realpath(folder)]) == around


def _is_ours(file: Path) -> bool:
    """Whether nobody else can put results there: into the folder, or through the file."""
    folder = file.parent.stat()
    infos = [folder, file.lstat()] if os.path.lexists(file) else [folder]
    regular = all(stat.S_ISREG(info.st_mode) for info in infos[1:])
    return regular and all(info.st_uid == os.geteuid() and not info.st_mode & 0o022 for info in infos)


def _mark(*parts: str | bytes | int) -> bytes:
    """Against damage and mistakes; not against whoever can write there, who can make one too."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.digest()
