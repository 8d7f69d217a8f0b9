"""An artifact is its digest: a file, or a tree of files under names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from modelward.core import canonical
from modelward.core.digest import Digest
from modelward.core.errors import Malformed


class Source(Protocol):
    """Open bytes, read by position. A block that is delivered twice is the same both times,
    and for a file on disk also the one that was hashed; otherwise ReadError is raised."""

    @property
    def size(self) -> int:
        """Bytes in all. For a compressed stream this may read to the end to find out."""

    def read(self, at: int, n: int) -> bytes:
        """Bytes [at, at+n), fewer only where the source ends."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content, known because its source was read to the end."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class Artifact:
    """*files* maps the escaped relative path (see canonical.escape_bytes) to its blob; a lone
    file has no name and maps from "". *label* is for people and is never trusted."""

    digest: Digest
    files: Mapping[str, Blob]
    label: str

    @property
    def is_tree(self) -> bool:
        return self.digest.algorithm == "sha3_256"


def file_artifact(blob: Blob, label: str) -> Artifact:
    return Artifact(blob.digest, {"": blob}, label)


def tree_artifact(files: Mapping[str, Blob], label: str) -> Artifact:
    return Artifact(tree_digest(files), dict(sorted(files.items())), label)


def tree_digest(files: Mapping[str, Blob]) -> Digest:
    """sha3_256 over the canonical JSON of ``[{path, sha256, size}]`` sorted by path (code points).

    It binds names and contents. Not bound: modes, times, empty directories.
    """
    listing = canonical.encode(file_list(files))
    return Digest("sha3_256", hashlib.sha3_256(listing).hexdigest())


def file_list(files: Mapping[str, Blob]) -> list[dict[str, Any]]:
    return [
        {"path": path, "sha256": blob.digest.value, "size": canonical.integer(blob.size)}
        for path, blob in sorted(files.items())
    ]


def parse_file_list(body: Iterable[Any]) -> dict[str, Blob]:
    """The inverse of file_list; refuses duplicate and unsorted paths. Raises Malformed."""
    files: dict[str, Blob] = {}
    last: str | None = None
    for entry in body:
        if not isinstance(entry, Mapping) or set(entry) != {"path", "sha256", "size"}:
            raise Malformed("a file entry has exactly the keys path, sha256 and size")
        path, size = entry["path"], entry["size"]
        if not isinstance(path, str) or (last is not None and path <= last):
            raise Malformed("file paths must be text, sorted and without duplicates")
        files[path] = Blob(Digest("sha256", entry["sha256"]), canonical.parse_size(size))
        last = path
    return files
