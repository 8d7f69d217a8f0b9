"""Where the statements about a digest are: one SQLite file beside the layout, made from it and from the log at will.

It finds and decides nothing: every byte that it leads to is verified when it is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.store import Kept
from modelward.stores.evidence_manifest import Subject
from modelward.stores.sqlite_files import refuse_traps

FILE = "index.sqlite"
JOURNAL = f"{FILE}-journal"
TRAPS = (f"{FILE}-wal", f"{FILE}-shm")
"""What SQLite would take up too, if somebody put it there: no index has them."""
_WAIT = 10.0
"""Seconds that another process may hold the file."""
_LONGEST = 1 << 20

_SCHEMA = [
    "CREATE TABLE state (name TEXT PRIMARY KEY, value)",
    "CREATE TABLE subject (tag TEXT PRIMARY KEY, referrers TEXT NOT NULL, why TEXT NOT NULL)",
    "CREATE TABLE statement (about TEXT, statement TEXT, predicate_type TEXT NOT NULL, media_type TEXT NOT NULL, size "
    "INTEGER NOT NULL, tag TEXT NOT NULL, held INTEGER NOT NULL, position INTEGER, PRIMARY KEY (about, statement))",
    "CREATE INDEX by_statement ON statement (statement)",
    "CREATE INDEX by_tag ON statement (tag)",
    "CREATE INDEX unlogged ON statement (about) WHERE position IS NULL",
    "CREATE INDEX missing ON statement (about) WHERE NOT held",
    "CREATE INDEX broken ON subject (tag) WHERE why != ''",
]
_KEPT = "about, predicate_type, media_type, statement, size"


class Index:
    """Raises sqlite3.Error where the file is none, or damaged, or holds what no index does: then it is made anew."""

    def __init__(self, path: Path | None) -> None:
        """None: in memory."""
        if path:
            refuse_traps(path)
        self._db = sqlite3.connect(path or ":memory:", timeout=_WAIT, isolation_level=None)
        try:
            self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            self._db.execute("PRAGMA journal_mode = TRUNCATE")  # deleting one writes the folder too
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA trusted_schema = OFF")
            if not self._schema():
                with self.change():
                    for statement in _SCHEMA:
                        self._db.execute(statement)
            elif self._schema() != _SCHEMA:
                raise sqlite3.DatabaseError("of another version, or it computes what it says")
        except BaseException:
            self._db.close()
            raise

    def _schema(self) -> list[str]:
        rows = self._db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
        return [sql for (sql,) in rows]

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """All that is done within, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # -- what it was made from

    def state(self, name: str) -> str | int | None:
        row = self._db.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return row[0] if row and isinstance(row[0], str | int) else None

    @property
    def logged(self) -> int:
        """The records of the log that it knows."""
        match self.state("logged"):
            case None:
                return 0
            case int(known) if known >= 0:
                return known
        raise _strange()

    def set_state(self, **values: str | int) -> None:
        self._db.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", values.items())

    def subjects(self) -> dict[str, str]:
        """The list of statements that each tag named; '' where it could not be read."""
        return dict(self._db.execute("SELECT tag, CASE why WHEN '' THEN referrers ELSE '' END FROM subject"))

    def subject(self, tag: str) -> tuple[str, str] | None:
        """Its list of statements, and why that could not be read."""
        match self._db.execute("SELECT referrers, why FROM subject WHERE tag = ?", (tag,)).fetchone():
            case None:
                return None
            case (str(referrers), str(why)):
                return referrers, why
        raise _strange()

    # -- changes

    def clear(self) -> None:
        """A file that others have open is emptied, not removed: its journal would be taken for the next one's."""
        with self.change():
            for table in ("state", "subject", "statement"):
                self._db.execute(f"DELETE FROM {table}")

    def set_subject(self, tag: str, referrers: str, kept: Iterable[Kept], why: str = "") -> None:
        """What the list under *tag*, which was dropped or is new, holds; and *why* it could not be read."""
        self._db.execute("INSERT INTO subject VALUES (?, ?, ?)", (tag, referrers, why))
        self.add(tag, kept)

    def drop_subject(self, tag: str) -> None:
        """What was logged stays known, as missing."""
        self._db.execute("DELETE FROM subject WHERE tag = ?", (tag,))
        self._db.execute("DELETE FROM statement WHERE tag = ? AND position IS NULL", (tag,))
        self._db.execute("UPDATE statement SET held = 0 WHERE tag = ?", (tag,))

    def add(self, tag: str, kept: Iterable[Kept]) -> None:
        self._db.executemany(
            "INSERT INTO statement VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, NULL) ON CONFLICT DO UPDATE SET "
            "predicate_type = ?3, media_type = ?4, size = ?5, tag = ?6, held = 1",
            (
                (str(each.about), str(each.statement), each.predicate_type, each.media_type, each.size, tag)
                for each in kept
            ),
        )

    def extend(self, tag: str, referrers: str, kept: Iterable[Kept]) -> None:
        """The list under *tag* is another one now: what it held, and *kept*."""
        self._db.execute("INSERT OR REPLACE INTO subject VALUES (?, ?, '')", (tag, referrers))
        self.add(tag, kept)

    def log(self, position: int, about: Digest, statement: Digest, predicate_type: str) -> None:
        """The log has it at *position*."""
        key = str(about), str(statement)
        update = "UPDATE statement SET position = coalesce(position, ?) WHERE about = ? AND statement = ?"
        if not self._db.execute(update, (position, *key)).rowcount:
            tag = Subject.of(about).tag
            self._db.execute(
                "INSERT INTO statement VALUES (?, ?, ?, '', 0, ?, 0, ?)", (*key, predicate_type, tag, position)
            )

    # -- questions

    def find(self, about: Digest | None = None, statement: str = "") -> Iterator[tuple[Kept, int | None]]:
        """What is held about *about*, or whose own digest begins with *statement*; with its place in the log."""
        where, values = "held", []
        if about is not None:
            where, values = "held AND about = ?", [str(about)]
        elif statement:
            where, values = "held AND statement BETWEEN ? AND ?", [statement, f"{statement}~"]
        query = f"SELECT {_KEPT}, position FROM statement WHERE {where} ORDER BY about, predicate_type, statement"
        for *row, position in self._db.execute(query, values):
            if not isinstance(position, int | None):
                raise _strange()
            yield _kept(row), position

    def unlogged(self) -> list[Kept]:
        query = f"SELECT {_KEPT} FROM statement WHERE position IS NULL ORDER BY about, statement"
        return [_kept(row) for row in self._db.execute(query)]

    def problems(self, tag: str | None = None) -> list[str]:
        """What the layout or the log says and does not hold, of one subject or of all."""
        only, values = ("", ()) if tag is None else (" AND tag = ?", (tag,))
        broken = self._db.execute(f"SELECT tag, why FROM subject WHERE why != ''{only} ORDER BY tag", values)
        lost = self._db.execute(
            f"SELECT about, statement, predicate_type FROM statement WHERE NOT held{only} ORDER BY about, statement",
            values,
        )
        return [f"the list sha256-{tag}: {why}" for tag, why in broken] + [
            f"statement {statement} ({predicate_type}) about {about} is in the log and not in the layout"
            for about, statement, predicate_type in lost
        ]

    def content(self) -> tuple[str | int | None, Sequence[object]]:
        """The index.json that it was made from, and all that follows from that and the log: every page is read, at one
        moment."""
        self._db.execute("BEGIN")
        try:
            if self._db.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
                raise _strange()
            rows = [
                self._db.execute(f"SELECT * FROM {table} ORDER BY {key}").fetchall()
                for table, key in (("subject", "tag"), ("statement", "about, statement"))
            ]
            return self.state("layout"), rows
        finally:
            self._db.execute("ROLLBACK")


def _kept(row: Sequence[object]) -> Kept:
    try:
        match row:
            case [str(about), str(predicate_type), str(media_type), str(statement), int(size)]:
                return Kept(Digest.parse(about), predicate_type, media_type, Digest.parse(statement), size)
    except Malformed:
        pass
    raise _strange()


def _strange() -> sqlite3.Error:
    return sqlite3.DatabaseError("it holds what was never written to it")
