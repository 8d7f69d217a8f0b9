"""The files of models in a repository of a registry: sent from the disk and brought to it, never whole in memory."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from modelward.core.artifact import Blob
from modelward.core.content import Content
from modelward.core.digest import Digest
from modelward.core.errors import ReadError
from modelward.stores.fetch import Took, Wanted, fetch
from modelward.stores.files import reason
from modelward.stores.oci_name import Login, Repository
from modelward.stores.oci_wire import Reply, Wire, with_query

_CHUNK = 8 << 20
_MOST_CHUNK = 64 << 20
_BYTES = {"content-type": "application/octet-stream"}


class Blobs(Wire):
    """Methods may be called by several threads at once. They raise ReadError, and Refused for a registry that lies."""

    def __init__(self, at: Repository, login: Login | None, *, writes: bool) -> None:
        super().__init__(at, login, writes=writes)
        self._blobs = f"{at.url}/v2/{at.name}/blobs"

    def __enter__(self) -> Blobs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[Reply]:
        """As whoever fetches files asks for them."""
        with self.ask("GET", url, headers) as reply:
            yield reply

    def put(self, file: LocalFile, took: Took) -> bool:
        """Whether it was not there. In chunks, each of them a request, of which the last comes once it is certain that
        what was sent is what the digest says. Who takes no chunks gets what fits into one.

        https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks"""
        digest = file.blob.digest
        with self.ask("HEAD", f"{self._blobs}/{digest}") as reply:
            if reply.status == 200:
                return False
        with self.ask("POST", f"{self._blobs}/uploads/") as reply:
            location, chunk = _location(reply), _chunk(reply)
        at = 0
        for piece in file.pieces(chunk):
            end = at + len(piece)
            headers = _BYTES | ({"content-range": f"{at}-{end - 1}"} if (at, end) != (0, file.blob.size) else {})
            if end < file.blob.size:
                with self.ask("PATCH", location, headers, piece) as reply:
                    location = _location(reply)
            else:
                with self.ask("PUT", with_query(location, digest=str(digest)), headers, piece) as reply:
                    _taken(reply, digest)
            at = end
            took(len(piece))
        return True

    def bring(self, path: str, blob: Blob, folder: Path, took: Took) -> None:
        """The file *path* of *folder*, where this process must be alone; visible once it is whole."""
        content = Content(blob.size, blob.digest.value)
        fetch(self, Wanted(f"{self._blobs}/{blob.digest}", content, path), folder, took)


def _taken(reply: Reply, digest: Digest) -> None:
    if reply.status not in (201, 202):
        raise reply.refusal()
    said = reply.headers.get("docker-content-digest", str(digest))
    if said != str(digest):
        raise reply.lies(f"the registry says {said[:80]} of what is {digest}")


def _location(reply: Reply) -> str:
    """Where the upload goes on."""
    location = reply.headers.get("location", "")
    if reply.status != 202 or not location:
        raise reply.refusal()
    return location


def _chunk(reply: Reply) -> int:
    """Bytes of a chunk: more where the registry asks for more."""
    least = reply.headers.get("oci-chunk-min-length", "")
    return max(_CHUNK, min(int(least), _MOST_CHUNK)) if re.fullmatch("[0-9]{1,12}", least) else _CHUNK


@dataclass(frozen=True, slots=True)
class LocalFile:
    """The file at *real*, which is known to be *blob*."""

    real: bytes
    path: str
    """In its model, for people."""
    blob: Blob

    def pieces(self, size: int) -> Iterator[bytes]:
        """All of it, in pieces of *size* bytes. Raises ReadError instead of the last one where it is another file by
        now, so that it never arrives whole."""
        hashed, left, piece = hashlib.sha256(), self.blob.size, b""
        try:
            # O_NONBLOCK: opening a FIFO put in the file's place must not wait for a writer
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
            with open(os.open(self.real, flags), "rb") as file:
                while left and (piece := file.read(min(left, size))):
                    left -= len(piece)
                    hashed.update(piece)
                    if left:
                        yield piece
        except OSError as error:
            raise ReadError(f"{self.path!r} cannot be read: {reason(error)}") from error
        if left or hashed.hexdigest() != self.blob.digest.value:
            raise ReadError(f"{self.path!r} changed while it was sent: push it again")
        yield piece
