"""Files that are fetched because it is known what they must be: none is visible under its name before it is that.

What has come so far lies in a folder beside them, in which the next run finds it. Everything a server
says on the way (ETag, ranges, lengths) saves work or ends it early; the digest of the bytes decides.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from modelward.core.content import Content, Hash
from modelward.core.errors import ReadError
from modelward.core.remote import named
from modelward.stores.files import reason
from modelward.stores.http import refused
from modelward.stores.web import Answer, Web

PARTS = ".modelward-fetch"
"""The folder in an output folder in which incomplete files lie."""

_BLOCK = 1 << 20
_SYNCED = 8 << 20
_TRIES = 3
STRONG = re.compile(r'"[!#-~]*"')
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")

Took = Callable[[int], None]
"""Called with the number of bytes that came, negative where they are fetched again."""


class Refused(ReadError):
    """What came is not what is pinned."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of an output folder."""

    url: str
    content: Content
    path: str
    """In the output folder."""
    commit: str = ""
    """Of which the server must not say another."""


@contextmanager
def alone_in(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Makes *folder*, and waits until no other process is at work there. Raises ReadError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise ReadError(f"{str(folder)!r}: {reason(error)}") from error
    try:
        _lock(descriptor, folder, waiting)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, waiting: Callable[[], None]) -> None:
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        raise ReadError(f"{str(folder)!r} cannot be locked: {reason(error)}") from error


def holds(path: Path, content: Content) -> bool:
    """Whether a regular file with that content is there. All of it is read. Raises ReadError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        if path.is_symlink():
            return False
        raise ReadError(f"{str(path)!r}: {reason(error)}") from error
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_size != content.size:
            return False
        return _digest(descriptor, content.size, content.hashing()) == (content.sha256 or content.git)
    except OSError as error:
        raise ReadError(f"{str(path)!r}: {reason(error)}") from error
    finally:
        os.close(descriptor)


def check_inside(folder: Path, places: Iterable[str]) -> None:
    """That no folder between *folder* and one of *places* is a link, behind which there may be anything. Raises
    ReadError."""
    folders = {PurePosixPath(above) for above in {place.rpartition("/")[0] for place in places} if above}
    for above in sorted({*folders, *(parent for one in folders for parent in one.parents)} - {PurePosixPath()}):
        link = folder / above
        if link.is_symlink():
            raise ReadError(f"{str(link)!r} is a link, and nothing is put behind it: remove it, or fetch elsewhere")


def _disown(place: Path) -> None:
    """Removes what writing to *place* would change elsewhere: a file with a second name, a pipe."""
    with suppress(FileNotFoundError):
        info = place.lstat()
        if not stat.S_ISREG(info.st_mode) or info.st_nlink > 1:
            place.unlink()


def _digest(descriptor: int, size: int, hashing: Hash) -> str:
    """Of the first *size* bytes; of fewer where the file is shorter now."""
    buffer = memoryview(bytearray(min(_BLOCK, size)))
    at = 0
    while at < size and (count := os.preadv(descriptor, [buffer[: size - at]], at)):
        hashing.update(buffer[:count])
        at += count
    return hashing.hexdigest()


def fetch(web: Web, wanted: Wanted, folder: Path, took: Took) -> None:
    """Puts the file in its place in *folder*, where this process must be alone. Raises ReadError, and
    Refused for what is not what it must be."""
    part = _Part(folder / PARTS, wanted)
    try:
        part.open()
        try:
            took(part.have)
            _fill(web, wanted, part, took)
            part.place(folder / wanted.path)
        finally:
            part.close()
    except OSError as error:
        raise ReadError(f"{wanted.path!r} cannot be written: {reason(error)}") from error


def _fill(web: Web, wanted: Wanted, part: _Part, took: Took) -> None:
    for left in reversed(range(_TRIES)):
        began = part.have
        try:
            part.ask_rest(web, took)
        except Refused:
            part.drop()
            raise
        except ReadError:
            if part.have == began or not left:  # else the connection was cut: go on from there
                raise
            continue
        if part.is_whole():
            return
        resumed = part.resumed
        part.drop()
        took(-wanted.content.size)
        if not resumed:  # else what lay there may have been something else: from the start, once
            raise Refused(f"{named(wanted.url)}: what came is not what is pinned, {wanted.content.name}")
    raise ReadError(f"{named(wanted.url)}: it does not arrive whole: try again later")


def tidy(folder: Path, came_all: bool) -> None:
    """Leaves in *folder* only the parts that a next run can go on with: none where all that is pinned came."""
    if came_all:
        shutil.rmtree(folder / PARTS, ignore_errors=True)
    with suppress(OSError):
        (folder / PARTS).rmdir()


class _Part:
    """What has come so far of one file, in a file of its own; and beside it, of which object that was."""

    def __init__(self, folder: Path, wanted: Wanted) -> None:
        key = hashlib.sha256(f"{wanted.content.name} {wanted.path}".encode()).hexdigest()
        self._wanted = wanted
        self._file = folder / key
        self._etag = folder / f"{key}.etag"
        self._descriptor = -1
        self._hashing = wanted.content.hashing()
        self.have = 0
        self.resumed = False

    def open(self) -> None:
        self._file.parent.mkdir(exist_ok=True)
        _disown(self._file)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(self._file, flags, 0o666)
        there = os.fstat(self._descriptor).st_size
        if there > self._wanted.content.size:
            self._restart()
        elif there:
            _digest(self._descriptor, there, self._hashing)
            self.have = there

    def close(self) -> None:
        os.close(self._descriptor)
        if not self.have:
            self._file.unlink(missing_ok=True)

    def drop(self) -> None:
        self._restart()
        self._etag.unlink(missing_ok=True)

    def _restart(self) -> None:
        os.ftruncate(self._descriptor, 0)
        self.have, self.resumed, self._hashing = 0, False, self._wanted.content.hashing()

    def is_whole(self) -> bool:
        content = self._wanted.content
        return self.have == content.size and self._hashing.hexdigest() == (content.sha256 or content.git)

    def place(self, path: Path) -> None:
        """In one step, once it is on the disk."""
        os.fsync(self._descriptor)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file.replace(path)
        self._etag.unlink(missing_ok=True)

    def ask_rest(self, web: Web, took: Took) -> None:
        """Raises Refused where it shows that something else is there now."""
        size = self._wanted.content.size
        self.resumed = self.have > 0
        if self.have == size:
            return
        with web.get(self._wanted.url, self._conditions()) as answer:
            if self.have and answer.status in (412, 416):  # another object, which may be the right one
                took(-self.have)
                self.drop()
            else:
                self._take(answer, took)
                return
        with web.get(self._wanted.url) as answer:
            self._take(answer, took)

    def _conditions(self) -> dict[str, str]:
        if not self.have:
            return {}
        with suppress(OSError, ValueError):
            etag = self._etag.read_text("ascii")
            if STRONG.fullmatch(etag):
                return {"range": f"bytes={self.have}-", "if-match": etag}
        return {"range": f"bytes={self.have}-"}

    def _take(self, answer: Answer, took: Took) -> None:
        size = self._wanted.content.size
        self._same_commit(answer)
        if answer.status == 200 and self.have:  # it ignores ranges
            took(-self.have)
            self._restart()
        elif answer.status == 206 and self.have:
            self._same_range(answer)
        elif answer.status != 200:
            raise refused(answer)
        stated = answer.headers.get("content-length")
        if stated is not None and stated != str(size - self.have):
            raise Refused(
                f"{named(self._wanted.url)}: {stated[:20]} bytes are there where {size - self.have:,} are pinned"
            )
        self._remember(answer.headers)
        with _syncing(self._descriptor) as wrote:
            for piece in answer.body(size - self.have):
                self._append(piece)
                wrote(len(piece))
                took(len(piece))

    def _same_commit(self, answer: Answer) -> None:
        for _, headers in (*answer.hops, ("", answer.headers)):
            said = headers.get("x-repo-commit")
            if said and self._wanted.commit and said != self._wanted.commit:
                raise Refused(f"{named(self._wanted.url)}: the hub gives it from commit {said[:40]!r}")

    def _same_range(self, answer: Answer) -> None:
        size = self._wanted.content.size
        found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        if not found or (int(found[1]), int(found[2])) != (self.have, size - 1):
            raise answer.error(f"other bytes came than those from {self.have:,} on, that were asked for")
        if int(found[3]) != size:
            raise Refused(f"{named(self._wanted.url)}: {int(found[3]):,} bytes are there where {size:,} are pinned")

    def _remember(self, headers: Mapping[str, str]) -> None:
        """Which object this is the beginning of, for the next run."""
        if self._wanted.content.size > _BLOCK:
            self._etag.unlink(missing_ok=True)  # not written through, if it is a link
            self._etag.write_text(headers.get("etag", ""), "ascii", "replace")

    def _append(self, piece: bytes) -> None:
        left = memoryview(piece)
        while left:
            left = left[os.pwrite(self._descriptor, left, self.have + len(piece) - len(left)) :]
        self._hashing.update(piece)
        self.have += len(piece)


@contextmanager
def _syncing(descriptor: int) -> Iterator[Callable[[int], None]]:
    """What is told how much was written, and has the disk take it while more comes, so that the end is not waited for.
    Raises OSError where the disk failed, which it says once."""
    behind, done = 0, Future[None]()
    done.set_result(None)

    with ThreadPoolExecutor(1) as pool:  # whose thread begins with the first work

        def wrote(count: int) -> None:
            nonlocal behind, done
            behind += count
            if behind >= _SYNCED and done.done():
                done.result()
                behind, done = 0, pool.submit(os.fdatasync, descriptor)

        yield wrote
        done.result()
