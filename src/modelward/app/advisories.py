"""Advisories: feeds become a database, and a database says what is in it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from modelward.app.advisory_entries import read
from modelward.app.clock import now
from modelward.checks.deps import osv
from modelward.core.advisory_database import Held, Synced
from modelward.core.errors import ReadError, UsageError
from modelward.core.moment import in_utc
from modelward.core.remote import named
from modelward.stores.advisories import Database
from modelward.stores.advisory_writer import Contents, Entry, Writer, digest_of, rows_of
from modelward.stores.feeds import Had, Item, documents, is_url, name_of

_SHOWN = 20
"""Records that could not be read, by name."""
_AT_ONCE = 1_000
_BYTES_AT_ONCE = 8 << 20
_LEAST = 0.1
"""Of all references to indexes, those that name one which is believed: one record must not vouch for an index."""

Progress = Callable[[int, int, str], None]


def sync(origins: Sequence[str], database: str, progress: Progress | None = None) -> Synced:
    """Makes *database* hold what *origins* have now, and nothing else; the old one stays in its place until then, and
    wherever this raises: UsageError for what is named wrongly, ReadError for a feed that cannot be read to its end."""
    try:
        place = Path(database).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"--database {database!r} leads nowhere: {error}") from error
    if not place.parent.is_dir():
        raise UsageError(f"--database {database!r}: there is no folder {str(place.parent)!r}")
    made = in_utc(now().isoformat())
    with ExitStack() as stack:
        old = _old(place, stack)
        writer = stack.enter_context(Writer(place))
        made_of = _Sync(writer, made, progress)
        feeds: list[tuple[str, str]] = []
        for number, origin in enumerate(dict.fromkeys(origins)):
            shown = named(origin) if is_url(origin) else origin
            feeds.append((_unused(name_of(origin), [name for name, _ in feeds]), shown))
            made_of.take(number, shown, documents(origin, _had(old, shown)))
        writer.finish(Contents(made, tuple(feeds), made_of.indexes(), made_of.unread, tuple(made_of.problems)))
        before = None if old is None else old.facts
    return Synced(held(database), before)


def _old(place: Path, stack: ExitStack) -> Database | None:
    """None where there is none, or it is damaged. Raises UsageError for a file that is something else."""
    if not place.exists():
        return None
    try:
        return stack.enter_context(Database.open(place))
    except ReadError:
        return None


def _had(old: Database | None, origin: str) -> Had:
    if old is None:
        return Had(dict, lambda: iter(()))
    return Had(lambda: old.modified(origin), lambda: (Item(id_, raw) for id_, raw in old.records("osv", origin)))


def _unused(name: str, names: Sequence[str]) -> str:
    numbers = (f"{name}-{number}" for number in range(2, len(names) + 3))
    return name if name not in names else next(each for each in numbers if each not in names)


@dataclass(slots=True)
class _Sync:
    """Documents on their way into a database, and what must be said of them together."""

    writer: Writer
    now: str
    progress: Progress | None
    unread: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    _hosts: Counter[str] = field(default_factory=Counter)
    _done: int = 0

    def take(self, feed: int, origin: str, items: Iterator[Item]) -> None:
        """Raises ReadError where nothing in it is of use: an empty feed is a broken one."""
        taken = elsewhere = 0
        known = len(self.problems)
        for batch in _batches(items):
            for entry in list(self._entries(origin, batch)):
                if entry is None:
                    elsewhere += 1
                else:
                    taken += 1
                    if not self.writer.put(feed, entry):
                        self._missed(f"{origin}: {entry.id}", "two records of this id and time are not about the same")
        if not taken:
            why = (
                f"none of its {elsewhere:,} records is about a Python package" if elsewhere else "nothing in it is one"
            )
            why = "; ".join((why, *(": ".join(problem) for problem in self.problems[known : known + 1])))
            raise ReadError(f"no advisory could be read from {origin!r}: {why}")

    def _entries(self, origin: str, items: Iterable[Item]) -> Iterator[Entry | None]:
        """What each of them says; None for a record about something else."""
        for item in items:
            self._done += 1
            if self.progress is not None:
                self.progress(self._done, 0, item.name)
            try:
                if item.why:
                    raise osv.Unreadable(item.why)
                entry = read(item.raw, self.now)
                if entry is not None:
                    self._look_at(entry, f"{origin}: {item.name}", item.must_be)
                yield entry
            except osv.Unreadable as error:
                if error.is_record or item.must_be:
                    self._missed(f"{origin}: {item.name}", str(error))

    def _look_at(self, entry: Entry, where: str, must_be: str) -> None:
        if must_be not in ("", entry.id):
            raise ReadError(f"{where!r} gives the record {entry.id!r}")
        if entry.unread:
            self._missed(where, entry.unread)
        self._hosts.update(entry.indexes)

    def indexes(self) -> frozenset[str]:
        enough = _LEAST * self._hosts.total()
        return frozenset(host for host, count in self._hosts.items() if count >= enough)

    def _missed(self, where: str, why: str) -> None:
        self.unread += 1
        if len(self.problems) < _SHOWN:
            self.problems.append((where, why))


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """A step is taken for many records before the next one is: a quarter less time than by turns for each of them,
    which is what the processor's caches make of it."""
    batch, size = list[Item](), 0
    for item in items:
        batch.append(item)
        size += len(item.raw)
        if len(batch) == _AT_ONCE or size > _BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    yield batch


def held(database: str) -> Held:
    """Raises UsageError and ReadError."""
    with Database.open(database) as opened:
        return Held(opened.facts, opened.made, opened.facts.newest > in_utc(now().isoformat()))


def record(database: str, id_: str) -> bytes:
    """As its feed gave it. Raises UsageError where the database has none of that id."""
    with Database.open(database) as opened:
        found = opened.record(id_)
    if found is None:
        raise UsageError(f"the database {database!r} has no record {id_!r}")
    return found


def verify(database: str) -> None:
    """That each record is what it was when the database was made, and that what packages are looked up in is what the
    records say: all of it is read again. Raises ReadError."""
    with Database.open(database) as opened:
        digests: list[tuple[str, str, bytes]] = []
        said, times = 0, list[str]()
        for kind, id_, feed, raw in opened.documents():
            try:
                entry = read(raw, opened.made.at)
            except osv.Unreadable as error:
                raise opened.damaged(f"{id_} cannot be read any more: {error}") from error
            if entry is None:
                raise opened.damaged(f"{id_} is about no package any more")
            rows = rows_of(feed, entry)
            digests.append((kind, id_, rows.record[4]))
            times += [entry.modified] if kind == "osv" else []
            said += _mark([rows.record, *rows.affected, *rows.project, *rows.exploitation])
        if digest_of(digests) != opened.facts.digest:
            raise opened.damaged("its records are not those that its digest is of")
        held = opened.facts.newest, opened.facts.records + opened.made.withdrawn
        if said != _mark(opened.rows()) or held != (max(times, default=""), len(times)):
            raise opened.damaged(f"its records say something else than modelward {opened.made.program} made of them")


def _mark(rows: Iterable[tuple[object, ...]]) -> int:
    """The same for the same rows, in any order."""
    return sum(int.from_bytes(hashlib.sha256(repr(row).encode()).digest()) for row in rows)
