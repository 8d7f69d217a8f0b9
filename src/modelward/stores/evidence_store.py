"""The evidence store: an OCI image layout that holds statements, a log of what entered, and an index of both.

    oci-layout  index.json  blobs/sha256/...   the truth
    log/                                       a record of every statement, in the order in which they came
    index.sqlite                               where the statements about a digest are; made anew at will
    lock                                       held by the one who writes; who reads needs none

A statement is acknowledged when `add` returns: its blobs, the index.json that names them and its record are then on the
disk, in that order. What a process that was killed had not finished is not named by index.json, and so is not there;
what index.json names and the log has no record of, the next writer logs.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ModelwardError, UsageError
from modelward.core.store import Collected, Kept
from modelward.stores import evidence_manifest as form
from modelward.stores.evidence_index import FILE, JOURNAL, TRAPS, Index
from modelward.stores.evidence_manifest import Subject
from modelward.stores.evidence_sync import (
    Grown,
    damaged,
    grown,
    in_memory,
    is_current,
    mark,
    of_layout,
    on_disk,
    read_list,
    write_log,
)
from modelward.stores.files import reason
from modelward.stores.lock import Unwritable, locked
from modelward.stores.oci_documents import find_tag, is_written_here, sha256
from modelward.stores.oci_layout import TEMPORARY, Damaged, Layout

if TYPE_CHECKING:
    from modelward.attest.keys import PrivateKey

_ATTEMPTS = 5
_PAUSE = 0.2
_OURS = frozenset({"oci-layout", "index.json", "blobs", "log", "lock", FILE, JOURNAL})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """A statement to keep, and what it is about."""

    raw: bytes
    media_type: str
    predicate_type: str
    about: Digest

    @property
    def kept(self) -> Kept:
        return Kept(self.about, self.predicate_type, self.media_type, sha256(self.raw), len(self.raw))


class EvidenceStore:
    """Methods raise Damaged for a store that does not hold what it says, Unwritable, and ReadError for a disk that
    fails. One object is for one thread; any number of processes may have one."""

    def __init__(self, folder: str, *, create: bool = False, key: PrivateKey | None = None) -> None:
        """*key* is for a log whose key is not in its folder. Raises UsageError where there is no store; with *create*,
        where none can be made."""
        self.folder = Path(folder)
        self.layout = Layout(self.folder)
        self._key = key
        self._index: Index | None = None
        try:
            self._no_links()
            if create and not self.layout.exists():
                self._create()
        except (OSError, ValueError) as error:
            raise UsageError(f"the store {folder!r}: {reason(error)}; name a folder that can be used") from error
        if not self.layout.exists():
            raise UsageError(f"there is no store in {folder!r}: modelward store add makes one")

    def __enter__(self) -> EvidenceStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()

    # -- reading

    def find(self, about: Digest | None = None, statement: str = "") -> list[tuple[Kept, int | None]]:
        """The statements about *about*, or whose digest begins with *statement*, or all; with their place in the log.
        Raises Damaged where one about *about* should be there and is not."""

        def ask(index: Index) -> list[tuple[Kept, int | None]]:
            problems = index.problems(Subject.of(about).tag) if about else []
            if problems:
                raise damaged(self.folder, problems[0])
            return list(index.find(about, statement))

        return self._ask(ask)

    def certain(self, about: Digest) -> list[Kept]:
        """The same, and not by the word of the index alone: whoever can write to that can leave something out."""
        for _ in range(_ATTEMPTS):
            before = self.layout.identity()
            found = [kept for kept, _ in self.find(about)]
            listed, why = self._listed(Subject.of(about).tag)
            if set(listed) != set(found):
                why = why or f"{FILE} leaves out something about {about}: modelward store rebuild makes it anew"
            if not why:
                return found
            if self.layout.identity() == before:  # else somebody wrote meanwhile
                break
        raise damaged(self.folder, why)

    def _listed(self, tag: str) -> tuple[list[Kept], str]:
        try:
            named = find_tag(self.layout.read_index(), tag)
        except Malformed as error:
            return [], f"index.json: {error}"
        return read_list(self.layout, tag, named) if named else ([], "")

    def read(self, kept: Kept) -> bytes:
        """The statement, byte for byte as it came."""
        try:
            return self.layout.read(kept.statement, form.LARGEST_STATEMENT, kept.size)
        except Damaged as error:
            raise damaged(self.folder, str(error)) from error

    def problems(self) -> list[str]:
        """What the store should hold and does not, as far as the index knows."""
        return self._ask(lambda index: index.problems())

    def records(self) -> dict[bytes, str]:
        """The record that the log must have of each statement in the layout, and what is wrong with the statement."""
        with closing(of_layout(self.layout)) as fresh:
            return {form.record(kept): self._wrong(kept.statement) for kept, _ in fresh.find()}

    def verify(self) -> list[str]:
        """Every blob is hashed, every list and manifest parsed, every subject recomputed, the log read, and all that
        compared with the index. Gives what is wrong."""
        self.finish()
        for _ in range(_ATTEMPTS):
            before = self.layout.identity()
            wrong = self._wrong_documents()
            if not wrong or self.layout.identity() == before:  # else somebody wrote meanwhile
                break
            time.sleep(_PAUSE)
        try:
            names = sorted(self.layout.names())
        except Damaged as error:
            return [*wrong, str(error)]
        return wrong + [why for digest in names if (why := self._wrong(digest))]

    def finish(self) -> None:
        """Log what a writer had put into the layout when it was killed; where anything else is amiss, nothing: then
        the log is to be seen as it is."""
        from modelward.stores.log import Log

        try:
            with closing(Index(self.folder / FILE)) as index:
                raw = self.layout.read_index()
                was_marked = index.state("layout") in (None, sha256(raw).value)
                if was_marked or index.logged != Log.load(self.folder / "log").size:
                    return
            with self._writing():
                pass
        except (ModelwardError, sqlite3.Error):
            return

    def _wrong_documents(self) -> list[str]:
        try:
            raw = self.layout.read_index()
            with closing(in_memory(self.layout)) as fresh:
                lacking = [f"the log lacks statement {each.statement} about {each.about}" for each in fresh.unlogged()]
                wrong = fresh.problems() + lacking
                state, known = self._ask(Index.content)
                if not is_written_here(raw) or state != sha256(raw).value:
                    wrong.append(
                        "index.json was changed, and not by modelward: modelward store rebuild takes it as it is"
                    )
                elif not wrong:
                    if known != fresh.content()[1]:
                        wrong.append(
                            f"{FILE} says something else than the layout: modelward store rebuild makes it anew"
                        )
                    wrong += [
                        f"blob {digest} is missing"
                        for digest in sorted(self.layout.reachable() - set(self.layout.names()))
                    ]
        except (Damaged, Malformed) as error:
            return [str(error)]
        return wrong

    def _wrong(self, blob: Digest) -> str:
        try:
            self.layout.verify(blob)
        except Damaged as error:
            return str(error)
        return ""

    # -- writing

    def add(self, entries: Sequence[Entry]) -> list[Kept]:
        """Keep them all, for good when this returns, and give those that were not there. What is there already is
        written again where it has been damaged."""
        for entry in entries:
            if len(entry.raw) > form.LARGEST_STATEMENT or len(entry.predicate_type) > form.LONGEST_TYPE:
                raise UsageError(
                    f"a statement of {len(entry.raw):,} bytes, of type {entry.predicate_type[:100]}: at most "
                    f"{form.LARGEST_STATEMENT:,} bytes, and {form.LONGEST_TYPE:,} characters of a type, are kept"
                )
        with self._writing() as index:
            given: dict[Digest, set[Kept]] = {}
            for entry in entries:
                given.setdefault(entry.about, set()).add(entry.kept)
            blobs = {form.EMPTY, *(entry.raw for entry in entries)}
            try:
                lists = [grown(index, self.layout, about, kept) for about, kept in given.items()]
            except sqlite3.Error:  # it was damaged where nobody has looked before
                self._discard()
                index = self._match()
                lists = [grown(index, self.layout, about, kept) for about, kept in given.items()]
            self.layout.put(blobs.union(*(each.blobs for each in lists)))
            changed = {each.subject.tag: each for each in lists if each.is_new}
            if changed:
                self._name(index, changed)
        return sorted(kept for each in lists for kept in each.new)

    def _name(self, index: Index, lists: Mapping[str, Grown]) -> None:
        """From here on, in this order, they are in the layout, in the log, in the index."""
        raw = self.layout.tag({tag: each.descriptor for tag, each in lists.items()})
        with index.change():
            for tag, each in lists.items():
                digest = each.descriptor.digest.value
                if each.was_broken:
                    index.drop_subject(tag)
                    index.set_subject(tag, digest, *read_list(self.layout, tag, each.descriptor))
                else:
                    index.extend(tag, digest, each.new)
            write_log(index, self.folder, self._key)
            mark(index, self.layout, raw)
        for each in lists.values():
            if each.replaces and each.replaces.encode() not in raw:  # else it is there under another name
                self.layout.remove(Digest("sha256", each.replaces))

    def rebuild(self) -> None:
        """Make the index anew, whatever it said."""
        with locked(self.folder), self._failing():
            if not is_written_here(self.layout.read_index()):
                self.layout.tag({})
            try:
                self._index = self._index or Index(self.folder / FILE)
                self._index.clear()
            except sqlite3.Error:
                self._discard()
            self._match(begins=True)

    def gc(self) -> Collected:
        """Remove the blobs that nothing refers to, and files that were being written when a process was killed; never
        a statement. Raises Damaged, before anything is removed, for a store in which something is wrong: what a list
        that cannot be read refers to is not known. It needs no room on the disk."""
        with locked(self.folder), self._failing():
            with closing(in_memory(self.layout)) as fresh:
                for problem in fresh.problems():
                    raise damaged(self.folder, problem)
            try:
                used = self.layout.reachable()
            except (Malformed, Damaged) as error:
                raise damaged(self.folder, str(error)) from error
            unused = [digest for digest in self.layout.names() if digest not in used]
            freed = sum(self.layout.remove(digest) for digest in unused)
            stale = [path for path in self.folder.rglob(f"{TEMPORARY}*") if not path.is_dir()]
            for path in stale:
                path.unlink(missing_ok=True)
        return Collected(len(unused), freed, len(stale))

    # -- the index

    def _ask(self, question: Callable[[Index], T]) -> T:
        """The answer of the index on the disk, made anew where that is damaged; of one in memory where nobody can
        write."""
        try:
            try:
                return question(self._current())
            except sqlite3.Error:
                self.rebuild()
                return question(self._current())
        except (sqlite3.Error, Unwritable):
            self._forget()
            self._index = in_memory(self.layout)
            return question(self._index)

    def _current(self) -> Index:
        self._index = self._index or Index(self.folder / FILE)
        if not is_current(self._index, self.layout):
            with self._writing() as index:
                return index
        return self._index

    @contextmanager
    def _writing(self) -> Iterator[Index]:
        """As the only one who writes, with the index as the layout and the log are now."""
        with locked(self.folder), self._failing():
            yield self._synced()

    def _synced(self) -> Index:
        try:
            return self._match()
        except sqlite3.Error:  # it is no index, or a damaged one
            self._discard()
            return self._match()

    def _match(self, *, begins: bool = False) -> Index:
        self._index = self._index or Index(self.folder / FILE)
        on_disk(self._index, self.layout, self._key, begins=begins)
        return self._index

    def _forget(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None

    def _discard(self) -> None:
        self._forget()
        for name in (FILE, JOURNAL, *TRAPS):
            (self.folder / name).unlink(missing_ok=True)

    # -- the folder

    def _create(self) -> None:
        from modelward.stores.log import Log

        self.folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(os.listdir(self.folder)):
            if name not in _OURS and not name.startswith(TEMPORARY):
                raise UsageError(
                    f"{str(self.folder)!r} is no store and not empty ({name!r} is there): name a folder of its own"
                )
        with locked(self.folder), self._failing():
            if not self.layout.exists():
                Log.open(self.folder / "log", self._key)
                self.layout.create()

    def _no_links(self) -> None:
        """What is written goes into this folder. Raises OSError."""
        for name in (*_OURS, "blobs/sha256"):
            if (self.folder / name).is_symlink():
                raise OSError(f"{name} in it is a link")
        for name in (FILE, JOURNAL, *TRAPS):
            if (self.folder / name).is_dir():
                raise OSError(f"{name} in it is a folder")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """What the system refuses, as one line."""
        try:
            yield
        except OSError as error:
            raise Unwritable(f"the store {str(self.folder)!r} cannot be written to: {reason(error)}") from error
        except sqlite3.Error as error:
            raise Unwritable(f"the index of the store {str(self.folder)!r} cannot be written: {error}") from error
