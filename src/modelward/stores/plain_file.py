"""A file that is read once and not hashed: for bytes that are compared with others, whose digest is known."""

from __future__ import annotations

import os
from types import TracebackType

from modelward.core.errors import ReadError
from modelward.stores.files import reason


class PlainFile:
    """A Source. What it reads proves nothing by itself. Raises ReadError where it cannot be opened."""

    def __init__(self, path: bytes) -> None:
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError as error:
            raise ReadError(reason(error)) from error
        self.size = os.fstat(self._fd).st_size

    def __enter__(self) -> PlainFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)

    def read(self, at: int, n: int) -> bytes:
        parts = []
        end = min(at + n, self.size)
        while 0 <= at < end:
            try:
                part = os.pread(self._fd, end - at, at)
            except OSError as error:
                raise ReadError(reason(error)) from error
            if not part:
                break
            parts.append(part)
            at += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
