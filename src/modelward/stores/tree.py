"""A path on the command line as the files to examine.

Nothing is opened for reading here: the walk lists, `files.FileSource` opens later. What changes
in between is its to notice. For that, `Entry.real` holds no link when it is walked, and FileSource
refuses a link in the last place; a parent folder that is swapped for a link in that moment is not
noticed, but then the digest in the statement is that of the bytes that were examined.
"""

# Names on disk are bytes, which pathlib does not take.
# ruff: noqa: PTH114, PTH115, PTH116

from __future__ import annotations

import errno
import heapq
import os
import re
import stat
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from modelward.core.canonical import escape_bytes
from modelward.core.errors import ReadError, UsageError
from modelward.stores.files import reason

LEFT_OUT = frozenset({".git", ".cache/huggingface"})
"""Left out of a tree at its top level: what git and huggingface_hub write beside the files they fetch."""

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})

_LINKS = 40
"""Links in a row before a chain counts as endless; Linux has the same limit."""

# https://huggingface.co/docs/huggingface_hub/guides/manage-cache
_SNAPSHOT = re.compile(rb"(.*/(?:models|datasets|spaces)--[^/]+)/snapshots/[^/]+(?:/.*)?", re.DOTALL)

_KINDS = (
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)

MOST_NAMES = 1_000_000
"""Of a tree that is hashed and not examined: a limit of time and memory, about 400 bytes a name."""


class Entry(NamedTuple):
    """A file to examine. Whether it can be opened shows when it is opened."""

    path: str
    """Relative to the root, joined by "/", escaped by canonical.escape_bytes; "" for a lone file."""
    real: bytes
    """Where it lies, absolute and without links. Entries that are one file by way of links share it."""


class Link(NamedTuple):
    """A link that was followed. *target* is the path, relative to the root, where the link ends
    after all links on the way, so that the same tree reads the same wherever it lies."""

    path: str
    target: str


class Gap(NamedTuple):
    """A part of the tree that holds no examined bytes: what it is, and what would help."""

    path: str
    why: str
    do: str


class Tree(NamedTuple):
    """All parts are sorted by path. A tree without entries is possible, and nothing to allow."""

    entries: tuple[Entry, ...]
    links: tuple[Link, ...]
    gaps: tuple[Gap, ...]
    left_out: tuple[str, ...]
    """Those of the paths to leave out that were there."""
    excluded: tuple[str, ...]
    """Paths that an exclude pattern matched; for a folder, its own path alone."""
    is_tree: bool
    label: str
    """The path as it was given, escaped: for people."""


def open_target(
    path: str, exclude: Sequence[str] = (), names: int = MOST_NAMES, left_out: frozenset[str] = LEFT_OUT
) -> Tree:
    """The files of *path*, a file or a folder; links in *path* itself are followed.

    In a folder, links that stay inside it are followed and recorded. In a snapshot of a Hugging Face
    cache that goes for links to files in the `blobs` folder of the same repository, too. Links that
    lead elsewhere, or nowhere, or back to a folder around them, and what is neither file nor
    folder, become gaps. So does what exceeds *names* (of files, folders and links).

    *exclude* are shell patterns over escaped relative paths, case-sensitive: `*` and `?` stand for
    characters other than "/", `[...]` for one of a set, `**` between slashes for any number of
    folders. A pattern without a slash is compared with every name at any depth; one with a slash,
    a leading one included, with the path from the root. What it matches is left out with everything
    below it. A trailing slash is ignored, and a lone file is never excluded. *left_out* are escaped
    relative paths, taken literally, that do not belong to the tree, with everything below them.

    Raises UsageError for a path that is not there, or neither file nor folder, or an empty pattern;
    ReadError where the system does not let us look.
    """
    globs = [_parse_glob(pattern) for pattern in exclude]
    info = _look(path)
    root = os.path.realpath(os.fsencode(path))
    label = escape_bytes(os.fsencode(path))
    if stat.S_ISREG(info.st_mode):
        return Tree((Entry("", root),), (), (), (), (), False, label)
    if not stat.S_ISDIR(info.st_mode):
        raise UsageError(f"{path!r} is {_kind(info.st_mode)}, not a file or folder: copy its bytes to a file first")
    return _Walk(root, globs, names, left_out).tree(label)


def excluder(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether *patterns*, as open_target takes them, leave out the file at an escaped path. Raises UsageError."""
    globs = [_parse_glob(pattern) for pattern in patterns]
    anywhere = [glob[1] for glob in globs if len(glob) == 2 and glob[0] == "**"]
    placed = [glob for glob in globs if len(glob) != 2 or glob[0] != "**"]

    @cache
    def is_named(part: str) -> bool:
        """Most patterns are about a name at any depth, and most names occur often."""
        return any(fnmatchcase(part, glob) for glob in anywhere)

    def is_excluded(path: str) -> bool:
        parts = path.split("/")
        ends = range(1, len(parts) + 1)
        return any(map(is_named, parts)) or any(_matches(parts[:end], glob) for glob in placed for end in ends)

    return is_excluded


def _look(path: str) -> os.stat_result:
    try:
        return os.stat(os.fsencode(path))
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno not in _ABSENT:
            raise ReadError(f"cannot look at {path!r}: {reason(error)}; check its permissions") from error
        if os.path.islink(path):
            raise UsageError(f"{path!r} is a link to nothing: restore what it names, or give another path") from error
        raise UsageError(f"{path!r} does not exist: give a file or a folder that does") from error


def _kind(mode: int) -> str:
    return next((name for test, name in _KINDS if test(mode)), "a special file")


Glob = tuple[str, ...]


def _parse_glob(pattern: str) -> Glob:
    parts = tuple(part for part in pattern.split("/") if part not in ("", "."))
    if not parts:
        raise UsageError(f"the exclude pattern {pattern!r} names nothing: give one such as '*.md' or 'docs/**'")
    return parts if "/" in pattern.rstrip("/") else ("**", *parts)


def _matches(path: Sequence[str], glob: Glob) -> bool:
    if not glob:
        return not path
    if glob[0] == "**":
        return any(_matches(path[at:], glob[1:]) for at in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], glob[0]) and _matches(path[1:], glob[1:])


class _Folder(NamedTuple):
    path: str
    real: bytes
    through: tuple[bytes, ...]
    """Real folders of the links that were followed on the way here."""


class _Stray(Exception):
    """A link that is not followed: (why, do)."""


class _Walk:
    """One walk over a folder. It goes down with a stack of its own, since folders nest deeper than
    Python calls may, and visits names in order, so that a limit cuts at the same place every time."""

    def __init__(self, root: bytes, exclude: Sequence[Glob], names: int, left_out: frozenset[str]) -> None:
        self._root = root
        snapshot = _SNAPSHOT.fullmatch(root)
        self._blobs = snapshot[1] + b"/blobs" if snapshot else None
        self._exclude = exclude
        self._limit = self._left = names
        self._not_ours = left_out
        self._entries: list[Entry] = []
        self._links: list[Link] = []
        self._gaps: list[Gap] = []
        self._left_out: list[str] = []
        self._excluded: list[str] = []

    def tree(self, label: str) -> Tree:
        folders = [_Folder("", self._root, ())]
        while folders and self._left >= 0:
            folder = folders.pop()
            below = [self._visit(folder, item) for item in self._names(folder)]
            folders.extend(found for found in reversed(below) if found)
        return Tree(
            tuple(sorted(self._entries, key=_path)),
            tuple(sorted(self._links, key=_path)),
            tuple(sorted(self._gaps, key=_path)),
            tuple(sorted(self._left_out)),
            tuple(sorted(self._excluded)),
            True,
            label,
        )

    def _names(self, folder: _Folder) -> list[os.DirEntry[bytes]]:
        """The folder's names in order: the first of them where the limit does not allow all."""
        try:
            with os.scandir(folder.real) as listing:
                found = heapq.nsmallest(self._left + 1, listing, key=_name)
        except OSError as error:
            self._gap(folder.path, f"a folder that cannot be listed: {reason(error)}", "make it readable")
            return []
        self._left -= len(found)
        if self._left < 0:
            found.pop()
            why = f"the tree has more than {self._limit} names; those from here on were not examined"
            self._gap(folder.path, why, "exclude what is no part of the model, or examine its folders one by one")
        return found

    def _visit(self, folder: _Folder, item: os.DirEntry[bytes]) -> _Folder | None:
        name = escape_bytes(item.name)
        path = f"{folder.path}/{name}" if folder.path else name
        if path in self._not_ours:
            self._left_out.append(path)
        elif self._exclude and any(_matches(path.split("/"), glob) for glob in self._exclude):
            self._excluded.append(path)
        else:
            try:
                return self._take(folder, path, item)
            except _Stray as stray:
                why, do = stray.args
                self._gap(path, why, do)
            except OSError as error:
                self._gap(path, f"cannot be looked at: {reason(error)}", "check its permissions, then run again")
        return None

    def _take(self, folder: _Folder, path: str, item: os.DirEntry[bytes]) -> _Folder | None:
        if item.is_file(follow_symlinks=False):
            self._entries.append(Entry(path, item.path))
            return None
        if item.is_dir(follow_symlinks=False):
            return _Folder(path, item.path, folder.through)
        if item.is_symlink():
            return self._follow(folder, path, item.path)
        raise _special(item.stat(follow_symlinks=False).st_mode)

    def _follow(self, folder: _Folder, path: str, link: bytes) -> _Folder | None:
        end = self._resolve(link)
        mode = os.lstat(end).st_mode
        if _holds(self._root, end):
            target = end[len(self._root) :].lstrip(b"/")
        elif stat.S_ISREG(mode) and _parent(end) == self._blobs:
            target = os.path.relpath(self._blobs, self._root) + end[len(self._blobs) :]
        else:
            raise _outside("it ends outside the folder")
        through = (*folder.through, folder.real)
        if stat.S_ISDIR(mode) and any(_holds(end, real) for real in through):
            raise _Stray("a link to a folder around it, which has no end", "remove the link")
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise _special(mode)
        self._links.append(Link(path, escape_bytes(target)))
        if stat.S_ISDIR(mode):
            return _Folder(path, end, through)
        self._entries.append(Entry(path, end))
        return None

    def _resolve(self, link: bytes) -> bytes:
        """Where *link* ends. Each link on the way is read by us, and must lie inside the root: one
        outside could be pointed elsewhere by whoever owns that place."""
        here, todo = _parent(link), [link.rpartition(b"/")[2]]
        followed = 0
        while todo:
            name = todo.pop()
            if name == b"..":
                here = _parent(here)
            if name in (b"", b".", b".."):
                continue
            at = here.rstrip(b"/") + b"/" + name
            mode = _link_mode(at)
            if not stat.S_ISLNK(mode):
                if todo and not stat.S_ISDIR(mode):
                    raise _broken()
                here = at
                continue
            followed += 1
            if followed > _LINKS:
                raise _Stray("a link in a chain that has no end", "remove the link")
            if not _holds(self._root, at):
                raise _outside("it passes through a link outside the folder")
            target = os.readlink(at)
            here = b"/" if target.startswith(b"/") else here
            todo.extend(reversed(target.split(b"/")))
        return here

    def _gap(self, path: str, why: str, do: str) -> None:
        self._gaps.append(Gap(path, why, do))


_path: Callable[[Entry | Link | Gap], str] = attrgetter("path")
_name: Callable[[os.DirEntry[bytes]], bytes] = attrgetter("name")


def _link_mode(at: bytes) -> int:
    try:
        return os.lstat(at).st_mode
    except OSError as error:
        if error.errno in _ABSENT:
            raise _broken() from error
        raise


def _parent(path: bytes) -> bytes:
    return path.rpartition(b"/")[0] or b"/"


def _holds(folder: bytes, path: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _special(mode: int) -> _Stray:
    return _Stray(f"{_kind(mode)}, not a file", "remove it, or put a file in its place")


def _broken() -> _Stray:
    return _Stray("a link to nothing", "fetch the file that it names, or remove the link")


def _outside(how: str) -> _Stray:
    do = "put a copy of what it names in its place, or examine that by itself"
    return _Stray(f"a link that is not followed: {how}", do)
