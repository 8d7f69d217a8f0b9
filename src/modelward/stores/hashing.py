"""Files hashed and not parsed: every byte once, large files by several threads."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from modelward.core.errors import ReadError
from modelward.stores.files import Identity, reason

Algorithm = Literal["sha256", "blake2b"]

_BLOCK = 1 << 20
_LARGE = 1 << 20
"""Below this, handing a file to a thread costs more than hashing it."""
_MOST_THREADS = 8
_MOST_SHARDS = 1_000_000


class Hashed(NamedTuple):
    """A file that was read to its end and stayed the same meanwhile."""

    identity: Identity
    digests: tuple[bytes, ...]
    """One of the whole, or one for each shard in turn: none for an empty file in shards."""


class Way(NamedTuple):
    """How contents are hashed: whole, or in shards of so many bytes, the last of them shorter."""

    algorithm: Algorithm = "sha256"
    shard: int | None = None


WHOLE = Way()


def hash_files(paths: Iterable[bytes], way: Way = WHOLE) -> Iterator[tuple[bytes, Hashed | ReadError]]:
    """Of each path once, in an order that depends on the machine. Names are not followed if they are links."""
    large = []
    buffer = memoryview(bytearray(_BLOCK))
    for path in paths:
        outcome = _hash(path, way, buffer, _LARGE)
        if outcome is None:
            large.append(path)
        else:
            yield path, outcome
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS, len(large))
    if threads < 2:
        yield from ((path, _hash_large(path, way)) for path in large)
        return
    from concurrent.futures import ThreadPoolExecutor  # most artifacts have one large file, or none

    with ThreadPoolExecutor(threads) as pool:
        yield from zip(large, pool.map(lambda path: _hash_large(path, way), large), strict=True)


def _hash_large(path: bytes, way: Way) -> Hashed | ReadError:
    outcome = _hash(path, way, memoryview(bytearray(_BLOCK)), sys.maxsize)
    assert outcome is not None
    return outcome


def _hash(path: bytes, way: Way, buffer: memoryview, most: int) -> Hashed | ReadError | None:
    """None for a file of more than *most* bytes."""
    try:
        # O_NONBLOCK: opening a FIFO put in the file's place must not wait for a writer
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (OSError, ValueError) as error:
        return ReadError(reason(error))
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            return ReadError("not a regular file")
        return _hash_open(descriptor, info, way, buffer) if info.st_size <= most else None
    except OSError as error:
        return ReadError(reason(error))
    except ReadError as error:
        return error
    finally:
        os.close(descriptor)


def _hash_open(descriptor: int, info: os.stat_result, way: Way, buffer: memoryview) -> Hashed:
    size = info.st_size
    if way.shard is None:
        digests: tuple[bytes, ...] = (_hash_next(descriptor, size, way.algorithm, buffer),)
    elif size > way.shard * _MOST_SHARDS:
        raise ReadError(f"the file has more than {_MOST_SHARDS:,} shards of {way.shard:,} bytes")
    else:
        lengths = (min(way.shard, size - at) for at in range(0, size, way.shard))
        digests = tuple(_hash_next(descriptor, length, way.algorithm, buffer) for length in lengths)
    if os.readv(descriptor, [buffer[:1]]):
        raise ReadError("the file holds more bytes than its size says")
    if _state(os.fstat(descriptor)) != _state(info):
        raise ReadError("the file changed while it was read")
    return Hashed(Identity.of(info), digests)


def _state(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _hash_next(descriptor: int, length: int, algorithm: Algorithm, buffer: memoryview) -> bytes:
    digest = hashlib.sha256() if algorithm == "sha256" else hashlib.blake2b()
    while length:
        count = os.readv(descriptor, [buffer[:length]])
        if not count:
            raise ReadError("the file became shorter while it was read")
        digest.update(buffer[:count])
        length -= count
    return digest.digest()
