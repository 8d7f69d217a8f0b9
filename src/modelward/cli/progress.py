"""Progress on stderr: only on a terminal, only after a second, gone when the work is done."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from types import TracebackType

from modelward.report.escape import visible

_PATIENCE = 1.0
_PAUSE = 0.1


def wanted() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class Progress:
    """Called with files done, files in all (0: not known yet) and the escaped path that is next."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PATIENCE
        self._shown = False

    def __call__(self, done: int, total: int, path: str) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PAUSE
            self._shown = True
            amount = f"{done:,} of {total:,}" if total else f"{done:,}"
            self._write(f"{amount} files  {visible(path)}")

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._write("")

    def _write(self, text: str) -> None:
        from rich.cells import cell_len, set_cell_size

        # a progress line is no reason to fail
        with contextlib.suppress(OSError, ValueError):
            width = os.get_terminal_size(sys.stderr.fileno()).columns - 1
            line = set_cell_size(text, width) if cell_len(text) > width else text
            sys.stderr.write(f"\r{line}\x1b[K")
            sys.stderr.flush()
