"""The contents of a target by their digests alone: what manifests and signatures are about."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from modelward.core.artifact import Blob
from modelward.core.canonical import escape_bytes
from modelward.core.digest import Digest
from modelward.core.errors import ReadError
from modelward.stores.files import identity_of
from modelward.stores.hashing import WHOLE, Hashed, Way, hash_files
from modelward.stores.tree import Tree

if TYPE_CHECKING:
    from modelward.stores.cache import Cache

_YOUNG = 2_000_000_000
"""Nanoseconds. Two writes within a tick of the file system's clock leave the same times."""


Progress = Callable[[int, int, str], None]
"""Called with the number of files done, their total and the path of one that is at work."""


class Remembered(NamedTuple):
    """Digests of earlier runs. With *trusts_stat* a file that the system calls unchanged is not read again;
    one whose times were set back is missed."""

    cache: Cache
    trusts_stat: bool

    def find(self, real: bytes) -> Hashed | None:
        identity = identity_of(real) if self.trusts_stat else None
        blob = self.cache.blob(identity) if identity else None
        return Hashed(identity, (bytes.fromhex(blob.digest.value),)) if identity and blob else None

    def keep(self, hashed: list[Hashed], began: int) -> None:
        from modelward.stores.cache import Kept

        settled = (file for file in hashed if file.identity.is_older(_YOUNG, began))
        self.cache.put(Kept(_blob(file), b"", b"", file.identity) for file in settled)


class Contents(NamedTuple):
    """Paths are escaped; "" is a lone file."""

    hashed: Mapping[str, Hashed]
    unreadable: Mapping[str, str]
    """What is there and is no file that could be read to its end, and why."""

    def blobs(self) -> dict[str, Blob]:
        """Of contents that were hashed whole with sha256."""
        return {path: _blob(file) for path, file in self.hashed.items()}


def path_inside(target: str, file: str) -> str | None:
    """The escaped path of *file* in the folder *target*, if it lies there."""
    root, place = os.path.realpath(os.fsencode(target)), os.path.realpath(os.fsencode(file))
    prefix = root.rstrip(b"/") + b"/"
    return escape_bytes(place[len(prefix) :]) if place.startswith(prefix) else None


def read_contents(
    tree: Tree, way: Way = WHOLE, remembered: Remembered | None = None, progress: Progress | None = None
) -> Contents:
    """Of every file of *tree*, read to its end once for all the names that lead to it."""
    paths = {entry.real: entry.path for entry in tree.entries}
    found = _outcomes(paths, remembered) if remembered and way == WHOLE else hash_files(paths, way)
    outcomes = dict(_told(found, paths, progress) if progress else found)
    hashed: dict[str, Hashed] = {}
    unreadable = {gap.path: gap.why for gap in tree.gaps}
    for entry in tree.entries:
        outcome = outcomes[entry.real]
        if isinstance(outcome, Hashed):
            hashed[entry.path] = outcome
        else:
            unreadable[entry.path] = str(outcome)
    return Contents(hashed, unreadable)


_Outcome = tuple[bytes, Hashed | ReadError]


def _told(found: Iterable[_Outcome], paths: Mapping[bytes, str], progress: Progress) -> Iterator[_Outcome]:
    progress(0, len(paths), next(iter(paths.values()), ""))
    for done, outcome in enumerate(found, 1):
        progress(done, len(paths), paths[outcome[0]])
        yield outcome


def _outcomes(paths: Iterable[bytes], remembered: Remembered) -> Iterator[_Outcome]:
    began = time.time_ns()
    known = {path: found for path in paths if (found := remembered.find(path))}
    yield from known.items()
    news = []
    for path, outcome in hash_files(path for path in paths if path not in known):
        if isinstance(outcome, Hashed):
            news.append(outcome)
        yield path, outcome
    remembered.keep(news, began)


def _blob(file: Hashed) -> Blob:
    return Blob(Digest("sha256", file.digests[0].hex()), file.identity.size)
