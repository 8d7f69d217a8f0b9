"""Making a database of advisories: whole in a file beside its place, which is then renamed."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from modelward import __version__
from modelward.core.advisory import Advisory, Affected
from modelward.core.errors import ModelwardError
from modelward.core.project import Project
from modelward.stores.advisories import APPLICATION, LAYOUT, TABLES, said_by, said_in, said_of
from modelward.stores.files import reason
from modelward.stores.seal import seal

_LEVEL = 1  # of zlib: more costs much time for a few per cent


class Entry(NamedTuple):
    """One document of a feed, and what was understood of it."""

    kind: str
    """osv, csaf, kev, epss or page."""
    id: str
    modified: str
    raw: bytes
    advisory: Advisory | None = None
    affected: tuple[Affected, ...] = ()
    exploitation: Mapping[str, str | float] = {}
    project: Project | None = None
    indexes: frozenset[str] = frozenset()
    """Hosts where it says that one of its packages is to be had."""
    unread: str = ""
    """Why it may say more than was understood."""


class Contents(NamedTuple):
    """What else a database says of itself."""

    made: str
    feeds: tuple[tuple[str, str], ...]
    """Name and origin, in the order of the numbers that `put` was given."""
    indexes: frozenset[str]
    unread: int
    problems: tuple[tuple[str, str], ...]


class _Rank(NamedTuple):
    """Of records with one id the highest counts: the youngest, and of those one that stands and says the most."""

    modified: str
    stands: bool
    said: int
    digest: bytes
    names: tuple[str, ...]


def _rank(entry: Entry, digest: bytes) -> _Rank:
    said = sum(1 + len(each.versions) + len(each.ranges) for each in entry.affected)
    return _Rank(entry.modified, entry.advisory is not None, said, digest, tuple(each.name for each in entry.affected))


class Rows(NamedTuple):
    """What is kept of an entry beside its bytes, by table."""

    record: tuple[str, str, int, str, bytes, str | None]
    affected: list[tuple[str, str, int, str]]
    project: list[tuple[str, str]]
    exploitation: list[tuple[str, str, str | float]]


def rows_of(feed: int, entry: Entry) -> Rows:
    said = None if entry.advisory is None else said_in(entry.advisory)
    return Rows(
        (entry.id, entry.kind, feed, entry.modified, hashlib.sha256(entry.raw).digest(), said),
        [(each.name, entry.id, number, said_of(each)) for number, each in enumerate(entry.affected)],
        [] if entry.project is None else [(entry.project.name, said_by(entry.project))],
        [(cve, entry.kind, value) for cve, value in entry.exploitation.items()],
    )


class Writer:
    """A context manager: what is not finished leaves nothing behind. Raises ModelwardError where the disk refuses."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(f".modelward-{os.urandom(8).hex()}")
        self._there: dict[tuple[str, str], _Rank] = {}

    def __enter__(self) -> Writer:
        try:
            with self._failing():
                self._db = sqlite3.connect(self._beside, isolation_level=None)
                # records fill pages of this size by four fifths, and smaller ones by two thirds
                for pragma in (
                    "page_size = 8192",
                    "journal_mode = OFF",
                    "synchronous = OFF",
                    f"application_id = {APPLICATION}",
                ):
                    self._db.execute(f"PRAGMA {pragma}")
                self._db.executescript(TABLES)
                self._db.execute("BEGIN")
        except BaseException:
            self._beside.unlink(missing_ok=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._beside.unlink(missing_ok=True)

    def put(self, feed: int, entry: Entry) -> bool:
        """Of two with one id the one that was modified last counts, whichever comes first. Says whether nothing is lost
        by that: two of one time should not be about different packages."""
        rows = rows_of(feed, entry)
        key, rank = (entry.id, entry.kind), _rank(entry, rows.record[4])
        with self._failing():
            there = self._there.get(key)
            is_whole = True
            if there is not None:
                best = max(there, rank)
                is_whole = there.modified != rank.modified or {*best.names} >= {*there.names, *rank.names}
                if best is there:
                    return is_whole
                self._drop(entry)
            self._there[key] = rank
            values = (*rows.record, zlib.compress(entry.raw, _LEVEL))
            self._db.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            self._db.executemany("INSERT INTO affected VALUES (?, ?, ?, ?)", rows.affected)
            self._db.executemany("INSERT INTO project VALUES (?, ?)", rows.project)
            self._db.executemany("INSERT INTO exploitation VALUES (?, ?, ?)", rows.exploitation)
        return is_whole

    def _drop(self, entry: Entry) -> None:
        self._db.execute("DELETE FROM record WHERE id = ? AND kind = ?", (entry.id, entry.kind))
        if entry.kind == "osv":
            # the names of what it said before are not known, and reading all of the table for each would take minutes
            self._db.execute("CREATE INDEX IF NOT EXISTS temporary ON affected (id)")
            self._db.execute("DELETE FROM affected WHERE id = ?", (entry.id,))
        if entry.project is not None:
            self._db.execute("DELETE FROM project WHERE name = ?", (entry.project.name,))
        self._db.execute("DELETE FROM exploitation WHERE kind = ?", (entry.kind,))

    def finish(self, contents: Contents) -> None:
        """Put it in its place, once it is on the disk."""
        with self._failing():
            self._db.execute("INSERT INTO meta VALUES (?)", (self._meta(contents),))
            self._db.execute("DROP INDEX IF EXISTS temporary")
            self._db.execute(f"PRAGMA user_version = {LAYOUT}")
            self._db.execute("COMMIT")
            self._db.close()
            seal(self._beside)
            self._beside.replace(self._path)

    def _meta(self, contents: Contents) -> str:
        feeds = []
        for number, (name, origin) in enumerate(contents.feeds):
            where = f"WHERE feed = {number}"
            newest = self._one(f"SELECT max(modified) FROM record {where}") or ""
            count = self._one(f"SELECT count(*) FROM record {where}")
            feeds.append((name, origin, self._digest(where), newest, count))
        body = {
            "digest": self._digest(""),
            "newest": self._one("SELECT max(modified) FROM record WHERE kind = 'osv'") or "",
            "records": self._one("SELECT count(*) FROM record WHERE kind = 'osv' AND advisory IS NOT NULL"),
            "withdrawn": self._one("SELECT count(*) FROM record WHERE kind = 'osv' AND advisory IS NULL"),
            "feeds": feeds,
            "indexes": sorted(contents.indexes),
            "unread": contents.unread,
            "problems": contents.problems,
            "made": contents.made,
            "program": __version__,
        }
        return json.dumps(body)

    def _digest(self, where: str) -> str:
        rows = self._db.execute(f"SELECT kind, id, sha256 FROM record {where} ORDER BY kind, id")
        return digest_of(rows)

    def _one(self, question: str) -> str | int | None:
        value: str | int | None = self._db.execute(question).fetchone()[0]
        return value

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise ModelwardError(f"the database {str(self._path)!r} cannot be written: {why}") from error


def digest_of(rows: Iterable[tuple[str, str, bytes]]) -> str:
    """The sha256 of a line for each record: kind, id, and the sha256 of its bytes. The rows are in order."""
    hashing = hashlib.sha256()
    for kind, id_, digest in rows:
        hashing.update(f"{kind} {id_} {digest.hex()}\n".encode())
    return f"sha256:{hashing.hexdigest()}"
