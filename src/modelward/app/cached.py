"""Results of earlier runs: what they depend on, how they are written, when they are believed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable

from modelward.checks import scan as scan_check
from modelward.checks.scan.model import FileScan, decode_file, encode_file
from modelward.checks.scan.pickle.callables import rules_version
from modelward.core import canonical
from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.limits import Limits
from modelward.stores.cache import Cache, Kept
from modelward.stores.files import FileSource, identity_of

_YOUNG = 2_000_000_000
"""Nanoseconds. Two writes within a tick of the file system's clock leave the same times."""
_EDGE = 4096
_SOURCES = ("checks/scan", "formats", "core")


class Known:
    """The results in *folder* that were found by this very code, with these *limits*."""

    def __init__(self, folder: str, limits: Limits, targets: Iterable[str] = ()) -> None:
        self.folder = folder
        parts = [rules_version(), sys.version, canonical.encode(limits.to_json()).decode(), _code()]
        self._cache = Cache(folder, hashlib.sha256("\n".join(parts).encode()).digest(), targets)

    @property
    def cache(self) -> Cache:
        """What files held, whatever was found in them."""
        return self._cache

    @property
    def trouble(self) -> str:
        """Why it is of no use, one line; empty while it is."""
        return self._cache.trouble

    def close(self) -> None:
        self._cache.close()

    def by_stat(self, real: bytes) -> tuple[Blob, FileScan] | None:
        """By what the system says of the file, which is not opened."""
        identity = identity_of(real)
        blob = self._cache.blob(identity) if identity else None
        found = self.find(blob.digest) if blob else None
        return (blob, found) if blob and found else None

    def expects(self, hint: bytes) -> bool:
        """Whether something that begins and ends like it is known, so that hashing alone may do."""
        return self._cache.expects(hint)

    def find(self, digest: Digest) -> FileScan | None:
        raw = self._cache.get(digest)
        try:
            return decode_file(raw, lambda: scan_check.CHECK.rules) if raw else None
        except Malformed:
            return None

    def keep(self, news: Iterable[Kept]) -> None:
        self._cache.put(news)


def news_of(source: FileSource, hint: bytes, blob: Blob, found: FileScan | None, began: int) -> Kept:
    """What there is to keep of a file that was read from the time *began* on; no result if that was known."""
    try:
        body = encode_file(found) if found else b""
    except Malformed:  # words that JSON cannot carry
        body = b""
    settled = source.identity.is_older(_YOUNG, began)
    return Kept(blob, body, hint, source.identity if settled else None)


def hint_of(source: FileSource) -> bytes:
    head, tail = source.read(0, _EDGE), source.read(source.size - _EDGE, _EDGE)
    return hashlib.sha256(b"%d:%b%b" % (source.size, head, tail)).digest()[:16]


def _code() -> str:
    """The sha256 of all that findings come from: the version alone stays the same while rules change."""
    digest = hashlib.sha256()
    todo: list[tuple[str, Traversable]] = [(name, files("modelward").joinpath(name)) for name in _SOURCES]
    while todo:
        name, item = todo.pop()
        if item.is_dir():
            below = {f"{name}/{each.name}": each for each in item.iterdir() if each.name != "__pycache__"}
            todo += sorted(below.items())
        else:
            content = item.read_bytes()
            digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
