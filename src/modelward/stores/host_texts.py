"""Texts that say what a host has: files that were named, and those that lie in folders that were."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.core.errors import ReadError, UsageError
from modelward.stores.files import reason
from modelward.stores.installed import Read, names

_MOST_FILES = 1_000


def texts(path: str, most: int) -> Iterator[tuple[str, Read | ReadError]]:
    """A file, or the files in a folder, not those below it, each under its path. Raises UsageError where there is
    nothing, and ReadError for a folder that cannot be listed or has too many files."""
    place = Path(path)
    if not os.path.lexists(place):
        raise UsageError(f"--host {path!r}: there is no such file or folder")
    if not place.is_dir():
        yield path, _read(path, most)
        return
    files = [f"{path.rstrip('/')}/{name}" for name in names(path)]
    files = [each for each in files if Path(each).is_file()]
    if len(files) > _MOST_FILES:
        raise ReadError(f"the folder {path!r} has {len(files):,} files: give one that has the texts alone")
    for each in files:
        yield each, _read(each, most)


def _read(path: str, most: int) -> Read | ReadError:
    """Files of the kernel say that they have no bytes, so that they are read to their end whatever they say."""
    try:
        # a pipe would be waited for
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return ReadError("it is no file")
            raw = file.read(most + 1)
    except (OSError, ValueError) as error:
        return ReadError(reason(error))
    if len(raw) > most:
        return ReadError(f"it has more than {most:,} bytes")
    return Read(raw, Blob(Digest("sha256", hashlib.sha256(raw).hexdigest()), len(raw)))
