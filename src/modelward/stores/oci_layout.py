"""An OCI image layout on disk: blobs under their digest, and index.json, which names some of them.

https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md

Nothing that is read is believed: a blob is hashed, a document is parsed strictly and within limits. Nothing is
half-written: a file gets its name once its bytes are on the disk. One writer at a time is the caller's affair.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed, ReadError
from modelward.stores.files import Identity, reason
from modelward.stores.oci_documents import INDEX, MANIFEST, NO_TAGS, Descriptor, descriptors, sha256, with_tags
from modelward.stores.write import replace_file

LARGEST_MANIFEST = 4 << 20  # what registries take
LARGEST_LIST = 1 << 26
LARGEST_INDEX = 1 << 28
TEMPORARY = ".modelward-"  # as write.py begins its own
_VERSION = b'{"imageLayoutVersion":"1.0.0"}'


class Damaged(ReadError):
    """What the layout should hold is not there, or has other bytes than its digest says."""


class Layout:
    """One folder. Methods that read raise Damaged, and ReadError for a disk that fails; those that write, OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._blobs = folder / "blobs" / "sha256"
        self._prefix = f"{self._blobs}{os.sep}"  # pathlib takes as long as the system

    # -- as a whole

    def exists(self) -> bool:
        """Whether this is a layout. Raises ReadError for one of another version."""
        try:
            raw = _read(str(self.folder / "oci-layout"), 1 << 16)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise ReadError(f"{str(self.folder)!r} cannot be read: {reason(error)}") from error
        try:
            version = canonical.decode(raw)["imageLayoutVersion"]
        except (Malformed, KeyError, TypeError):
            version = None
        if version != "1.0.0":
            raise Damaged(f"{str(self.folder / 'oci-layout')!r}: expected version 1.0.0 of an OCI image layout")
        return True

    def create(self) -> None:
        """Makes what is missing; oci-layout last, so that what was begun is taken for nothing."""
        self._blobs.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "index.json").exists():
            self._write_index(NO_TAGS)
        replace_file(self.folder / "oci-layout", _VERSION)
        _flush(self.folder)

    # -- blobs

    def read(self, digest: Digest, most: int, size: int | None = None) -> bytes:
        """The blob, which has that digest, *size* bytes where that is known, and at most *most*."""
        data = self._open(digest, most)
        if size is not None and len(data) != size:
            raise Damaged(f"blob {digest} has {len(data):,} bytes, and {size:,} by what refers to it")
        if hashlib.sha256(data).hexdigest() != digest.value:
            raise Damaged(f"blob {digest} has other bytes than its digest says")
        return data

    def fetch(self, descriptor: Descriptor, most: int = LARGEST_MANIFEST) -> bytes:
        return self.read(descriptor.digest, most, descriptor.size)

    def has(self, digest: Digest, size: int) -> bool:
        """Whether a file of that size is there; not whether its bytes are right."""
        try:
            info = os.lstat(self._path(digest))
        except OSError:
            return False
        return stat.S_ISREG(info.st_mode) and info.st_size == size

    def put(self, blobs: Collection[bytes]) -> None:
        """All of them, on the disk when this returns. One that is there with other bytes is replaced."""
        wanted = {self._path(sha256(data)): data for data in blobs}
        beside: dict[str, str] = {}
        try:
            for path, data in wanted.items():
                if not _holds(path, data):
                    beside[path] = f"{self._prefix}{TEMPORARY}{os.urandom(8).hex()}"
                    Path(beside[path]).write_bytes(data)
            for temporary in beside.values():  # all are written by now, so that the system flushes them together
                _flush(temporary)
            for path, temporary in beside.items():
                Path(temporary).replace(path)
        except BaseException:
            for temporary in beside.values():
                Path(temporary).unlink(missing_ok=True)
            raise
        if beside:
            _flush(self._prefix)

    def names(self) -> Iterator[Digest]:
        """Of every blob, in no order. Raises Damaged where there is no folder of them."""
        try:
            names = os.listdir(self._blobs)
        except OSError as error:
            raise Damaged(f"{str(self._blobs)!r} cannot be read: {reason(error)}") from error
        for name in names:
            with suppress(Malformed):
                yield Digest("sha256", name)

    def verify(self, digest: Digest) -> None:
        """Reads a blob of any size. Raises Damaged; one that is not there, as after a writer's change, is fine."""
        hashed = hashlib.sha256()
        try:
            with os.fdopen(_opened(self._path(digest)), "rb", buffering=0) as file:
                while piece := file.read(1 << 20):
                    hashed.update(piece)
        except FileNotFoundError:
            return
        except OSError as error:
            raise Damaged(f"blob {digest} cannot be read: {reason(error)}") from error
        if hashed.hexdigest() != digest.value:
            raise Damaged(f"blob {digest} has other bytes than its digest says")

    def remove(self, digest: Digest) -> int:
        """The bytes that it had."""
        path = self._blobs / digest.value
        try:
            size = path.lstat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size

    # -- index.json

    def identity(self) -> Identity | None:
        """What changes when index.json does."""
        try:
            return Identity.of((self.folder / "index.json").lstat())
        except OSError:
            return None

    def read_index(self) -> bytes:
        try:
            raw = _read(str(self.folder / "index.json"), LARGEST_INDEX)
        except OSError as error:
            raise Damaged(f"{str(self.folder / 'index.json')!r} cannot be read: {reason(error)}") from error
        if len(raw) > LARGEST_INDEX:
            raise Damaged(f"{str(self.folder / 'index.json')!r} has more than {LARGEST_INDEX:,} bytes")
        return raw

    def tag(self, changes: Mapping[str, Descriptor]) -> bytes:
        """Let each tag, a sha256 in hex, name an index from now on. Gives the new index.json, on the disk already.

        What else index.json names stays as it is.
        """
        raw = with_tags(self.read_index(), changes)
        self._write_index(raw)
        return raw

    def _write_index(self, raw: bytes) -> None:
        replace_file(self.folder / "index.json", raw)
        _flush(self.folder)

    def reachable(self) -> set[Digest]:
        """What index.json names, and what that names in its turn. Raises Malformed too."""
        found: set[Digest] = set()
        todo = descriptors(self.read_index(), INDEX)
        while todo:
            entry = todo.pop()
            if entry.digest not in found:
                found.add(entry.digest)
                if entry.media_type in (INDEX, MANIFEST):
                    todo += descriptors(self.fetch(entry, LARGEST_LIST), entry.media_type)
        return found

    def _path(self, digest: Digest) -> str:
        return f"{self._prefix}{digest.value}"

    def _open(self, digest: Digest, most: int) -> bytes:
        try:
            data = _read(self._path(digest), most)
        except FileNotFoundError as error:
            raise Damaged(f"blob {digest} is missing") from error
        except OSError as error:
            raise Damaged(f"blob {digest} cannot be read: {reason(error)}") from error
        if len(data) > most:
            raise Damaged(f"blob {digest} has more than {most:,} bytes")
        return data


# -- files


def _opened(path: str) -> int:
    # O_NONBLOCK: a FIFO put in the file's place must not make us wait
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return descriptor


def _read(path: str, most: int) -> bytes:
    """At most one byte more than *most*."""
    descriptor = _opened(path)
    try:
        left = min(os.fstat(descriptor).st_size, most) + 1
        parts = []
        while left and (part := os.read(descriptor, left)):
            parts.append(part)
            left -= len(part)
    finally:
        os.close(descriptor)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _holds(path: str, data: bytes) -> bool:
    try:
        return _read(path, len(data)) == data
    except OSError:
        return False


def _flush(path: str | Path) -> None:
    """A file to the disk, or a folder: a file that was renamed is lost with the power unless its folder is written."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
