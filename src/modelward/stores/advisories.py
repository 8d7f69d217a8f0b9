"""Advisories in one file, an sqlite3 database: written whole beside its place and renamed, read and never changed.

What is kept is what the feeds gave, byte for byte, beside what was understood of it, which is found by the names of
packages. The digest of a database is that of its records: the same wherever and whenever it was made from them.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from modelward.core.advisory import Advisory, Affected, Event
from modelward.core.advisory_database import Made
from modelward.core.dependency_audit import DatabaseFacts, Feed
from modelward.core.errors import ReadError, UsageError
from modelward.core.finding import Severity
from modelward.core.project import Project, Release
from modelward.stores.files import reason
from modelward.stores.seal import is_whole

APPLICATION = 0x4D574144  # "MWAD": https://www.sqlite.org/pragma.html#pragma_application_id
LAYOUT = 1
_MOST_BYTES = 64 << 20  # of one value
_SQLITE = b"SQLite format 3\0"
_HEADER = 100

TABLES = """
CREATE TABLE meta (body TEXT NOT NULL);
CREATE TABLE record (
  id TEXT NOT NULL, kind TEXT NOT NULL, feed INTEGER NOT NULL, modified TEXT NOT NULL, sha256 BLOB NOT NULL,
  advisory TEXT, body BLOB NOT NULL, PRIMARY KEY (id, kind)
);
CREATE TABLE affected (name TEXT, id TEXT, number INTEGER, said TEXT NOT NULL, PRIMARY KEY (name, id, number))
  WITHOUT ROWID;
CREATE TABLE project (name TEXT PRIMARY KEY, said TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE exploitation (cve TEXT, kind TEXT, said NOT NULL, PRIMARY KEY (cve, kind)) WITHOUT ROWID;
"""
_COMPACT = json.JSONEncoder(separators=(",", ":"))
_KINDS = {"introduced": "i", "fixed": "f", "last_affected": "l"}
_LETTERS = {letter: kind for kind, letter in _KINDS.items()}


class Database:
    """A context manager. Every method raises ReadError where the file is damaged."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        (body,) = self._one("SELECT body FROM meta")
        with self._decoding():
            self.facts, self.made = _meta(json.loads(body))

    @classmethod
    def open(cls, path: str | Path) -> Database:
        """Raises UsageError where there is none, or something else, and ReadError for one that cannot be read."""
        place = Path(path)
        _check(place)
        try:
            # immutable: nothing is locked, and no journal is looked for
            name = f"file:{quote(os.fsencode(place.absolute()))}?mode=ro&immutable=1"
            connection = sqlite3.connect(name, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise _damaged(place, str(error)) from error
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
            return cls(place, connection)
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def affected(self, names: Collection[str]) -> Mapping[str, list[Affected]]:
        """What the advisories say of packages of these names, which are canonical. Names that none is about are left
        out."""
        found: dict[str, list[Affected]] = {}
        for name in names:
            for id_, said in self._rows("SELECT id, said FROM affected WHERE name = ? ORDER BY id, number", name):
                with self._decoding():
                    found.setdefault(name, []).append(_affected(name, id_, json.loads(said)))
        return found

    def advisories(self, ids: Collection[str]) -> Mapping[str, Advisory]:
        """Those of *ids* that are here and not withdrawn."""
        found = {}
        for id_ in ids:
            for feed, modified, said in self._rows(
                "SELECT feed, modified, advisory FROM record WHERE kind = 'osv' AND id = ? AND advisory IS NOT NULL",
                id_,
            ):
                with self._decoding():
                    advisory = _advisory(id_, modified, self.facts.feeds[feed].name, json.loads(said))
                found[id_] = self._rated(advisory)
        return found

    def projects(self, names: Collection[str]) -> Mapping[str, Project]:
        """What the pages of these projects say, which are canonical names. Those without a page are left out."""
        found = {}
        for name in names:
            for (said,) in self._rows("SELECT said FROM project WHERE name = ?", name):
                with self._decoding():
                    status, why, releases = json.loads(said)
                    found[name] = Project(name, status, why, tuple(Release(*each) for each in releases))
        return found

    def record(self, id_: str) -> bytes | None:
        """One of OSV as its feed gave it; withdrawn ones too. None where there is none."""
        for (body,) in self._rows("SELECT body FROM record WHERE kind = 'osv' AND id = ?", id_):
            with self._decoding():
                return zlib.decompress(body)
        return None

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """All that was understood of the records."""
        yield from self._rows("SELECT id, kind, feed, modified, sha256, advisory FROM record")
        for table in ("affected", "project", "exploitation"):
            yield from self._rows(f"SELECT * FROM {table}")

    def modified(self, origin: str) -> Mapping[str, str]:
        """When each record of OSV that came from there was modified, by id."""
        feeds = self._from(origin)
        asked = self._rows("SELECT id, feed, modified FROM record WHERE kind = 'osv'")
        return {id_: at for id_, feed, at in asked if feed in feeds}

    def records(self, kind: str, origin: str | None = None) -> Iterator[tuple[str, bytes]]:
        """Id and bytes of those of a *kind* (osv, csaf, kev, epss, page), from one feed or from all, by id."""
        feeds = self._from(origin)
        for id_, feed, body in self._rows("SELECT id, feed, body FROM record WHERE kind = ? ORDER BY id", kind):
            if feed in feeds:
                with self._decoding():
                    yield id_, zlib.decompress(body)

    def _from(self, origin: str | None) -> frozenset[int]:
        return frozenset(number for number, feed in enumerate(self.facts.feeds) if origin in (None, feed.origin))

    def documents(self) -> Iterator[tuple[str, str, int, bytes]]:
        """Kind, id, number of the feed and bytes of every record, in order."""
        for kind, id_, feed, body in self._rows("SELECT kind, id, feed, body FROM record ORDER BY kind, id"):
            with self._decoding():
                yield kind, id_, feed, zlib.decompress(body)

    def damaged(self, why: str) -> ReadError:
        return _damaged(self._path, why)

    def _rated(self, advisory: Advisory) -> Advisory:
        """With what is known of its exploitation, under any of its ids."""
        days: list[str] = []
        chances: list[float] = []
        for id_ in advisory.ids:
            for kind, said in self._rows("SELECT kind, said FROM exploitation WHERE cve = ?", id_):
                (days if kind == "kev" else chances).append(said)
        return advisory._replace(exploited=min(days, default=""), epss=max(chances, default=None))

    def _one(self, question: str) -> Any:
        row = next(self._rows(question), None)
        if row is None:
            raise self.damaged("it was not written to its end")
        return row

    def _rows(self, question: str, *values: str) -> Iterator[Any]:
        try:
            with closing(self._connection.execute(question, values)) as cursor:
                yield from cursor
        except sqlite3.Error as error:
            raise self.damaged(str(error)) from error

    @contextmanager
    def _decoding(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError, KeyError, IndexError, zlib.error) as error:
            raise self.damaged("a row of it is not what was written") from error


def _check(path: Path) -> None:
    """That it is one of ours, and as it was written: a bit that flips in a row could hide an advisory."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _not_ours(path)
        with path.open("rb") as file:
            _check_header(path, file.read(_HEADER))
        if not is_whole(path):
            raise _damaged(path, "it is not what was written")
    except FileNotFoundError as error:
        raise UsageError(
            f"there is no database {str(path)!r}: make it with modelward advisories sync --from ... --database FILE"
        ) from error
    except (OSError, ValueError) as error:
        raise ReadError(f"the database {str(path)!r} cannot be read: {reason(error)}") from error


def _check_header(path: Path, head: bytes) -> None:
    """https://www.sqlite.org/fileformat2.html#the_database_header"""
    if len(head) < _HEADER or not head.startswith(_SQLITE) or head[68:72] != APPLICATION.to_bytes(4, "big"):
        raise _not_ours(path)
    layout = int.from_bytes(head[60:64], "big")
    if layout > LAYOUT:
        raise ReadError(
            f"the database {str(path)!r} was made by a newer modelward (layout {layout}, this one knows {LAYOUT}): "
            "update modelward, or make the database anew"
        )
    if layout < LAYOUT:
        raise _damaged(path, "it was not written to its end")


def _not_ours(path: Path) -> UsageError:
    return UsageError(f"{str(path)!r} is no database that modelward advisories sync made")


def _damaged(path: Path, why: str) -> ReadError:
    return ReadError(f"the database {str(path)!r} is damaged ({why}): make it anew with modelward advisories sync")


def _meta(body: Any) -> tuple[DatabaseFacts, Made]:
    feeds = tuple(Feed(*feed) for feed in body["feeds"])
    facts = DatabaseFacts(
        body["digest"], body["newest"], body["records"], feeds, frozenset(body["indexes"]), body["unread"]
    )
    problems = tuple((where, why) for where, why in body["problems"])
    return facts, Made(body["made"], body["program"], problems, body["withdrawn"])


def _affected(name: str, id_: str, said: Any) -> Affected:
    ranges, versions, unread = said
    walked = tuple(tuple(Event(_LETTERS[letter], version) for letter, version in events) for events in ranges)
    return Affected(id_, name, walked, tuple(versions), unread)


def said_of(affected: Affected) -> str:
    """The row of it, which `_affected` reads."""
    ranges = [[(_KINDS[kind], version) for kind, version in events] for events in affected.ranges]
    return _COMPACT.encode([ranges, affected.versions, affected.unread])


def _advisory(id_: str, modified: str, feed: str, said: Any) -> Advisory:
    aliases, summary, severity, score, is_malicious = said
    rated = None if severity is None else Severity(severity)
    return Advisory(id_, tuple(aliases), summary, rated, score, modified, bool(is_malicious), feed)


def said_in(advisory: Advisory) -> str:
    """The row of it, which `_advisory` reads."""
    severity = None if advisory.severity is None else int(advisory.severity)
    said = [advisory.aliases, advisory.summary, severity, advisory.score, advisory.is_malicious]
    return _COMPACT.encode(said)


def said_by(project: Project) -> str:
    """The row of it, which `Database.projects` reads."""
    return _COMPACT.encode([project.status, project.reason, project.releases])
