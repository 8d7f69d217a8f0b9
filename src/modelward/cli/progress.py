"""Progress on stderr: only on a terminal, only after a second, gone when the work is done."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from threading import Event, Thread
from types import TracebackType

from modelward.report.escape import visible

_PATIENCE = 1.0
_PAUSE = 0.2


def wanted() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextlib.contextmanager
def shown_progress(quiet: bool) -> Iterator[Progress | None]:
    if quiet or not wanted():
        yield None
        return
    with Progress() as progress:
        yield progress


class Progress:
    """Called with the number of files done, of all files, and the escaped path that comes next.

    A thread shows the latest of it, since reading one large file may take a minute.
    """

    def __init__(self) -> None:
        self._state = (0, 0, "")
        self._done = Event()
        self._thread = Thread(target=self._show, daemon=True)

    def __call__(self, done: int, total: int, path: str) -> None:
        self._state = (done, total, path)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _show(self) -> None:
        began = time.monotonic()
        pause = _PATIENCE
        while not self._done.wait(pause):
            done, total, path = self._state
            _write(f"{done:,} of {total:,} files, {time.monotonic() - began:.0f} s  {visible(path)}")
            pause = _PAUSE
        if pause == _PAUSE:
            _write("")


def _write(text: str) -> None:
    from rich.cells import cell_len, set_cell_size

    # a progress line is no reason to fail
    with contextlib.suppress(OSError, ValueError):
        width = os.get_terminal_size(sys.stderr.fileno()).columns - 1
        line = set_cell_size(text, width) if cell_len(text) > width else text
        sys.stderr.write(f"\r{line}\x1b[K")
        sys.stderr.flush()
