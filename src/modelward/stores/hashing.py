"""Files hashed and not parsed: every byte once, large files by several threads."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from modelward.core.errors import ReadError
from modelward.stores.files import Identity, reason

Algorithm = Literal["sha256", "blake2b"]

_BLOCK = 1 << 20
_LARGE = 1 << 20
"""Below this, handing a file to a thread costs more than hashing it."""
_MOST_THREADS = 8
_MOST_SHARDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file that was read to its end and stayed the same meanwhile."""

    identity: Identity
    digests: tuple[bytes, ...]
    """One of the whole, or one for each shard in turn: none for an empty file in shards."""


@dataclass(frozen=True, slots=True)
class Way:
    """How contents are hashed: whole, or in shards of so many bytes, the last of them shorter."""

    algorithm: Algorithm = "sha256"
    shard: int | None = None


WHOLE = Way()


def hash_files(paths: Iterable[bytes], way: Way = WHOLE) -> Iterator[tuple[bytes, Hashed | ReadError]]:
    """Of each path once, in an order that depends on the machine. Names are not followed if they are links."""
    large = []
    buffer = bytearray(_BLOCK)
    for path in paths:
        if _is_large(path):
            large.append(path)
        else:
            yield path, _hash(path, way, buffer)
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS, len(large))
    if threads < 2:
        yield from ((path, _hash(path, way, buffer)) for path in large)
        return
    from concurrent.futures import ThreadPoolExecutor  # most artifacts have one large file, or none

    with ThreadPoolExecutor(threads) as pool:
        yield from zip(large, pool.map(lambda path: _hash(path, way, bytearray(_BLOCK)), large), strict=True)


def _is_large(path: bytes) -> bool:
    try:
        return os.stat(path, follow_symlinks=False).st_size > _LARGE  # noqa: PTH116 (names on disk are bytes)
    except (OSError, ValueError):
        return False  # opening it says why


def _hash(path: bytes, way: Way, buffer: bytearray) -> Hashed | ReadError:
    try:
        # O_NONBLOCK: opening a FIFO put in the file's place must not wait for a writer
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (OSError, ValueError) as error:
        return ReadError(reason(error))
    try:
        return _hash_open(descriptor, way, memoryview(buffer))
    except OSError as error:
        return ReadError(reason(error))
    except ReadError as error:
        return error
    finally:
        os.close(descriptor)


def _hash_open(descriptor: int, way: Way, buffer: memoryview) -> Hashed:
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        raise ReadError("not a regular file")
    size = info.st_size
    if way.shard is not None and size > way.shard * _MOST_SHARDS:
        raise ReadError(f"the file has more than {_MOST_SHARDS:,} shards of {way.shard:,} bytes")
    lengths = [size] if way.shard is None else [min(way.shard, size - at) for at in range(0, size, way.shard)]
    digests = tuple(_hash_next(descriptor, length, way.algorithm, buffer) for length in lengths)
    if os.readv(descriptor, [buffer[:1]]):
        raise ReadError("the file holds more bytes than its size says")
    identity = Identity.of(info)
    if Identity.of(os.fstat(descriptor)).state != identity.state:
        raise ReadError("the file changed while it was read")
    return Hashed(identity, digests)


def _hash_next(descriptor: int, length: int, algorithm: Algorithm, buffer: memoryview) -> bytes:
    digest = hashlib.new(algorithm)
    while length:
        count = os.readv(descriptor, [buffer[: min(length, len(buffer))]])
        if not count:
            raise ReadError("the file became shorter while it was read")
        digest.update(buffer[:count])
        length -= count
    return digest.digest()
