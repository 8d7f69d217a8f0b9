"""Files with statements that somebody else made: one in each, one a line (as cosign prints them), or a JSON list.

Whoever filled the folder is not trusted: links are never followed out of it, nothing that is no regular file is
opened, and what is skipped is told.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from modelward.core import canonical
from modelward.core.errors import Malformed, UsageError
from modelward.stores.files import reason

MOST = 10_000
"""Statements, or entries of a folder with all that is in it."""
LONGEST = 32 << 20
"""Bytes of one statement: the manifest of a tree with as many files as a tree may have, in base64."""
_MOST_VALUES = 1_000_000

_LINE = re.compile(rb"^[ \t]*\{.+\}[ \t\r]*$", re.MULTILINE)
_SOMETHING = re.compile(rb"\S")


@dataclass(frozen=True, slots=True)
class Document:
    """What may be one signed statement. *where* is the escaped path, with line or entry if there are several."""

    where: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Unread:
    """What is there and was not read."""

    where: str
    why: str


def documents(path: str, argument: str = "--evidence") -> Iterator[Document | Unread]:
    """All that is in the file or the folder *path*, hidden files too, in the order of the names. Raises UsageError,
    which says that *argument* named it, for what is neither, cannot be opened, or holds more than MOST."""
    for number, found in enumerate(_documents(path, f"{argument} {path!r}")):
        if number == MOST:
            raise UsageError(f"{argument} {path!r} holds more than {MOST:,} statements")
        yield found


def _documents(path: str, named: str) -> Iterator[Document | Unread]:
    try:
        place, kind = os.fsencode(path), Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        raise UsageError(f"{named} cannot be read: {reason(error)}") from error
    if stat.S_ISREG(kind):
        yield from _in_file(place, 0)
        return
    if not stat.S_ISDIR(kind):
        raise UsageError(f"{named} is neither a file nor a folder: write what it gives into a file first")
    for file, why in _listing(place, named):
        if why:
            yield Unread(canonical.escape_bytes(file), why)
        else:
            yield from _in_file(file, os.O_NOFOLLOW)


def _listing(folder: bytes, named: str) -> list[tuple[bytes, str]]:
    """Every file in *folder*, sorted, with why it is not read. Raises UsageError."""
    root = os.path.realpath(folder)
    found: list[tuple[bytes, str]] = []
    pending, count = [folder], 0
    while pending:
        place = pending.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    count += 1
                    if count > MOST:
                        raise UsageError(f"{named} holds more than {MOST:,} files and folders")
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    elif not _is_link_within(entry, root):
                        found.append((entry.path, _why_not(entry)))
        except OSError as error:
            found.append((place, f"it cannot be read: {reason(error)}"))
    return sorted(found)


def _is_link_within(entry: os.DirEntry[bytes], root: bytes) -> bool:
    """What such a link leads to is found at its own place."""
    if not entry.is_symlink():
        return False
    real = os.path.realpath(entry.path)
    return (real == root or real.startswith(root.rstrip(b"/") + b"/")) and os.path.exists(real)  # noqa: PTH110 (names on disk are bytes)


def _why_not(entry: os.DirEntry[bytes]) -> str:
    if entry.is_symlink():
        return "a link that leads out of the folder, or nowhere: name the file itself"
    return "" if entry.is_file(follow_symlinks=False) else "it is neither a file nor a folder"


def _in_file(path: bytes, more: int) -> Iterator[Document | Unread]:
    where = canonical.escape_bytes(path)
    try:
        # O_NONBLOCK: opening a FIFO put in the file's place must not wait for a writer
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | more)
        with open(descriptor, "rb") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                yield from _split(file, where)
            else:
                yield Unread(where, "it is neither a file nor a folder")
    except OSError as error:
        yield Unread(where, f"it cannot be read: {reason(error)}")


def _split(file: BinaryIO, where: str) -> Iterator[Document | Unread]:
    raw = file.read(LONGEST + 1)
    first = _SOMETHING.search(raw)
    is_list = first is not None and first[0] == b"[" and raw[-99:].rstrip().endswith(b"]")
    if not is_list and _is_lines(raw):
        del raw
        file.seek(0)
        yield from _lines(file, where)
    elif len(raw) > LONGEST:
        yield Unread(where, _TOO_LONG)
    elif is_list:
        yield from _entries(raw, where)
    else:
        yield Document(where, raw)


def _is_lines(raw: bytes) -> bool:
    """Whether a line is an object by itself, and others are beside it: an object on several lines has none."""
    line = _LINE.search(raw)
    return line is not None and bool(_SOMETHING.search(raw, line.end()) or _SOMETHING.search(raw, 0, line.start()))


def _lines(file: BinaryIO, where: str) -> Iterator[Document | Unread]:
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        place = f"{where}:{number}"
        if len(line) > LONGEST:
            while line and not line.endswith(b"\n"):
                line = file.readline(1 << 20)
            yield Unread(place, _TOO_LONG)
        elif line.strip():
            yield Document(place, line)


def _entries(raw: bytes, where: str) -> Iterator[Document | Unread]:
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > _MOST_VALUES:
        yield Unread(where, f"a list with more than {_MOST_VALUES:,} values")
        return
    try:
        entries = canonical.decode(raw)
    except Malformed as error:
        yield Unread(where, str(error))
        return
    for number, entry in enumerate(entries, 1):
        yield Document(f"{where}[{number}]", json.dumps(entry).encode())


_TOO_LONG = f"it has more than {LONGEST:,} bytes"
