"""A checksum at the end of a file that is written once: whether it is what was written, damage on the way included. It
proves nothing against somebody who wants to deceive: who can write the file can seal it anew.

Behind the last page of a database SQLite reads nothing: https://www.sqlite.org/fileformat2.html#in_header_database_size
"""

from __future__ import annotations

import os
import zlib
from functools import lru_cache
from pathlib import Path

from modelward.stores.files import Identity

_MARK = b"modelward seal: crc32 "
_CHECKSUM = 4
_PIECE = 1 << 18


def seal(path: Path) -> None:
    """And see to it that the file is on the disk. Raises OSError."""
    checksum = _checksum(path, path.stat().st_size)
    with path.open("ab") as file:
        file.write(_MARK + checksum)
        file.flush()
        os.fsync(file.fileno())


def is_whole(path: Path) -> bool:
    """Whether its seal is there and right. A file that was found right and has not changed is not read again. Raises
    OSError."""
    return _is_whole(path, Identity.of(path.stat()))


@lru_cache(2)
def _is_whole(path: Path, about: Identity) -> bool:
    size = about.size - len(_MARK) - _CHECKSUM
    if size < 0:
        return False
    with path.open("rb") as file:
        file.seek(size)
        found = file.read(about.size - size)
    return found == _MARK + _checksum(path, size)


def _checksum(path: Path, size: int) -> bytes:
    """Of the first *size* bytes."""
    checksum, piece = 0, memoryview(bytearray(_PIECE))  # one for all, which stays in the processor's cache
    with path.open("rb", buffering=0) as file:
        while size > 0 and (count := file.readinto(piece[:size])):
            checksum = zlib.crc32(piece[:count], checksum)
            size -= count
    return checksum.to_bytes(_CHECKSUM, "big")
