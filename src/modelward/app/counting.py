"""Bytes that went over the wire, of all, for whoever watches."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelward.app.reading import Progress


class Count:
    """Told by any thread."""

    def __init__(self, files: int, size: int, progress: Progress | None) -> None:
        self._files = files
        self._all = size
        self._progress = progress
        self._lock = Lock()
        self._done = 0
        self._bytes = 0

    def took(self, count: int) -> None:
        """So many bytes more; negative where they come again."""
        with self._lock:
            self._bytes += count
            self._tell()

    def finished(self) -> None:
        with self._lock:
            self._done += 1
            self._tell()

    def _tell(self) -> None:
        if self._progress:
            self._progress(self._done, self._files, f"{self._bytes >> 20:,} of {self._all >> 20:,} MiB")
