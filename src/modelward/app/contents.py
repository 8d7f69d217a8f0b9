"""The contents of a target by their digests alone: what manifests and signatures are about."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.stores.files import identity_of
from modelward.stores.hashing import WHOLE, Hashed, Way, hash_files
from modelward.stores.tree import Tree

if TYPE_CHECKING:
    from modelward.stores.cache import Cache

_YOUNG = 2_000_000_000
"""Nanoseconds. Two writes within a tick of the file system's clock leave the same times."""


@dataclass(frozen=True, slots=True)
class Remembered:
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


@dataclass(frozen=True, slots=True)
class Contents:
    """Paths are escaped; "" is a lone file."""

    hashed: Mapping[str, Hashed]
    unreadable: Mapping[str, str]
    """What is there and is no file that could be read to its end, and why."""

    def blobs(self) -> dict[str, Blob]:
        """Of contents that were hashed whole with sha256."""
        return {path: _blob(file) for path, file in self.hashed.items()}


def read_contents(tree: Tree, way: Way = WHOLE, remembered: Remembered | None = None) -> Contents:
    """Of every file of *tree*, read to its end once for all the names that lead to it."""
    paths = dict.fromkeys(entry.real for entry in tree.entries)
    outcomes = dict(_outcomes(paths, remembered) if remembered and way == WHOLE else hash_files(paths, way))
    hashed: dict[str, Hashed] = {}
    unreadable = {gap.path: gap.why for gap in tree.gaps}
    for entry in tree.entries:
        outcome = outcomes[entry.real]
        if isinstance(outcome, Hashed):
            hashed[entry.path] = outcome
        else:
            unreadable[entry.path] = str(outcome)
    return Contents(hashed, unreadable)


def _outcomes(paths: Mapping[bytes, None], remembered: Remembered) -> Iterator[tuple[bytes, Hashed | Exception]]:
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
