"""Files on disk as sources that are hashed while they are parsed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import OrderedDict
from types import TracebackType
from typing import NamedTuple

from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.core.errors import ReadError, UsageError

BLOCK = 1 << 18
_KEEP = 32  # blocks: 8 MiB


class Identity(NamedTuple):
    """What the system says of a file that changes when its content does, times in nanoseconds."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, info: os.stat_result) -> Identity:
        return cls(info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)

    @property
    def place(self) -> str:
        return f"{self.device}:{self.inode}"

    @property
    def state(self) -> str:
        return f"{self.size}:{self.modified}:{self.changed}"

    def is_older(self, nanoseconds: int, than: int) -> bool:
        """A file that was written a moment ago can be written again without its times showing it."""
        return than - max(self.modified, self.changed) >= nanoseconds


def identity_of(path: bytes) -> Identity | None:
    """None for what is no regular file, or cannot be looked at."""
    try:
        info = os.stat(path, follow_symlinks=False)  # noqa: PTH116 (names on disk are bytes)
    except (OSError, ValueError):
        return None
    return Identity.of(info) if stat.S_ISREG(info.st_mode) else None


class FileSource:
    """One open file: a Source whose sha256 is over the very bytes that were parsed.

    A block that the parser wants is hashed in its turn if the hash has come that far, and kept
    until it does otherwise, as far as there is room. A block that has to be fetched a second time
    must equal the first, so a file that changes underneath is an error, never two readings. Windows
    are read, not mapped: a mapped file that is cut short kills the process.
    """

    def __init__(self, path: str | bytes) -> None:
        """*path* without links, as tree.Entry.real has it: a link in the last place has been put
        there since. Raises ReadError for what cannot be opened, or is not a regular file."""
        try:
            # O_NONBLOCK: opening a FIFO put in the file's place must not wait for a writer
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except (OSError, ValueError) as error:
            raise ReadError(reason(error)) from error
        self._stat = os.fstat(self._fd)
        if not stat.S_ISREG(self._stat.st_mode):
            os.close(self._fd)
            raise ReadError("not a regular file")
        self.size = self._stat.st_size
        self.identity = Identity.of(self._stat)
        self._hash = hashlib.sha256()
        self._hashed = 0  # blocks that the hash has taken
        self._finished = False
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        # For parsed blocks: a hash that, once it takes the block, must give the digest beside it.
        # In sequence that is the file's own hash as it stood then, so nothing is hashed twice.
        self._marks: dict[int, tuple[hashlib._Hash, bytes]] = {}

    def __enter__(self) -> FileSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def read(self, at: int, n: int) -> bytes:
        if self._finished:
            raise ReadError("read again after its digest was taken")
        if at < 0 or n <= 0:
            return b""
        parts = []
        end = min(at + n, self.size)
        while at < end:
            index, offset = divmod(at, BLOCK)
            part = self._block(index)[offset : offset + end - at]
            parts.append(part)
            at += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def finish(self) -> Blob:
        """Hash what the parser did not need, and prove that the file stayed the same. The last call:
        nothing read later would be what was hashed.

        Raises ReadError if it did not stay the same, or is longer than it says: /proc is full of
        files of zero bytes that are not empty.
        """
        self._finished = True
        buffer = memoryview(bytearray(BLOCK))
        while self._hashed * BLOCK < self.size:
            block = self._kept.get(self._hashed)
            if block is not None:
                self._hash.update(block)
            else:
                count = self._fetch_into(self._hashed, buffer)
                self._hash.update(buffer[:count])
                self._same(self._hashed, buffer[:count])
            self._hashed += 1
        now = os.fstat(self._fd)
        if (now.st_size, now.st_mtime_ns) != (self._stat.st_size, self._stat.st_mtime_ns):
            raise ReadError("the file changed while it was read")
        if self._fetch(memoryview(bytearray(1)), self.size):
            raise ReadError("the file holds more bytes than its size says")
        return Blob(Digest("sha256", self._hash.hexdigest()), self.size)

    def _block(self, index: int) -> bytes:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        block = self._fetch_block(index)
        self._same(index, block)
        self._kept[index] = block
        while self._hashed in self._kept:
            before = self._hash.copy()
            self._hash.update(self._kept[self._hashed])
            self._marks.setdefault(self._hashed, (before, self._hash.digest()))
            self._hashed += 1
        if len(self._kept) > _KEEP:
            old, dropped = self._kept.popitem(last=False)
            if old not in self._marks:
                self._marks[old] = (hashlib.sha256(), hashlib.sha256(dropped).digest())
        return block

    def _fetch_block(self, index: int) -> bytes:
        """As _fetch_into, for bytes that are kept: without a buffer to copy them from."""
        want = min(BLOCK, self.size - index * BLOCK)
        try:
            block = os.pread(self._fd, want, index * BLOCK)
        except OSError as error:
            raise ReadError(reason(error)) from error
        if len(block) == want:
            return block
        buffer = bytearray(want)
        self._fetch_into(index, memoryview(buffer))
        return bytes(buffer)

    def _fetch_into(self, index: int, buffer: memoryview) -> int:
        want = min(BLOCK, self.size - index * BLOCK)
        have = 0
        while have < want:
            count = self._fetch(buffer[have:want], index * BLOCK + have)
            if count == 0:
                raise ReadError("the file became shorter while it was read")
            have += count
        return want

    def _fetch(self, buffer: memoryview, at: int) -> int:
        try:
            return os.preadv(self._fd, [buffer], at)
        except OSError as error:
            raise ReadError(reason(error)) from error

    def _same(self, index: int, block: bytes | memoryview) -> None:
        if index in self._marks:
            before, digest = self._marks[index]
            again = before.copy()
            again.update(block)
            if again.digest() != digest:
                raise ReadError("the file changed while it was read")


def read_named(path: str, option: str, most: int) -> bytes:
    """A small file that the command line names with *option*. Raises UsageError."""
    try:
        with open(path, "rb") as file:  # it may be a device without end
            raw = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{option} {path!r} cannot be read: {reason(error)}") from error
    if len(raw) > most:
        raise UsageError(f"{option} {path!r} has more than {most:,} bytes")
    return raw


def reason(error: OSError | ValueError) -> str:
    """What the system said, in lower case, without the path: names belong to whoever reports it."""
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
