"""What the bytes of a file must be."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Protocol

from modelward.core.errors import Malformed

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")


class Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


def blob_hash(size: int) -> Hash:
    """By which git names a blob of that size, whose bytes are still to come."""
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class Content:
    """So many bytes with this sha256, and with this git blob id, either of which may be unknown (""), not both.

    A git blob id is a SHA-1: whoever made the file can have made two with the same one.
    https://shattered.io
    """

    size: int
    sha256: str = ""
    git: str = ""

    def __post_init__(self) -> None:
        if type(self.size) is not int or not 0 <= self.size < 2**53:
            raise Malformed("a size is a whole number of bytes")
        if not (self.sha256 or self.git):
            raise Malformed("a file needs its sha256, or its git blob id")
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise Malformed("a sha256 has 64 lower-case hex digits")
        if self.git and not _SHA1.fullmatch(self.git):
            raise Malformed("a git blob id has 40 lower-case hex digits")

    @property
    def name(self) -> str:
        """The strongest that is known of it."""
        return f"sha256:{self.sha256}" if self.sha256 else f"git:{self.git}"

    def hashing(self) -> Hash:
        return hashlib.sha256() if self.sha256 else blob_hash(self.size)

    def is_same(self, other: Content) -> bool | None:
        """None where the two have no digest in common."""
        if self.size != other.size:
            return False
        if self.sha256 and other.sha256:
            return self.sha256 == other.sha256
        return self.git == other.git if self.git and other.git else None
