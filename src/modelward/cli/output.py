"""Where words leave the process: standard streams that may be closed, and files written whole."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from modelward.core.errors import ModelwardError, UsageError
from modelward.report.escape import visible

if TYPE_CHECKING:
    from modelward.report.line import Line


def complain(text: str, exit_code: int) -> int:
    """One line on stderr, whatever *text* holds. Gives back the exit code."""
    with contextlib.suppress(OSError):
        if sys.stderr is not None:
            sys.stderr.write(visible(text) + "\n")
    return exit_code


def deliver(data: bytes) -> None:
    """Writes to stdout. A reader who left changes nothing; any other failure raises ModelwardError."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError as error:
        _silence(sys.stdout)
        raise ModelwardError(f"cannot write to stdout: {error.strerror}") from error


def on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def shown(lines: Sequence[Line]) -> bytes:
    """Lines as stdout's reader expects them: wrapped on a terminal; what its encoding lacks is escaped."""
    if on_terminal():
        from modelward.cli.terminal import paint

        text = paint(lines)
    else:
        from modelward.report.line import plain

        text = plain(lines)
    return text.encode(getattr(sys.stdout, "encoding", None) or "utf-8", "backslashreplace")


def settle() -> None:
    """Flushes now, so that the interpreter has nothing left that could fail and change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except OSError:
                _silence(stream)


def check_writable(path: str, option: str = "--output") -> None:
    """Raises UsageError now rather than after a long scan."""
    from pathlib import Path

    if Path(path).is_dir():
        raise UsageError(f"{option} {path!r} is a folder: name a file")
    if not Path(path).parent.is_dir():
        raise UsageError(f"{option} {path!r}: there is no folder {str(Path(path).parent)!r}")


def write_file(path: str, data: bytes) -> None:
    """Writes *path* whole or not at all. A device, a pipe or a link is written to, never replaced.

    Raises ModelwardError.
    """
    from pathlib import Path

    from modelward.stores.write import replace_file

    file = Path(path)
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(data)
        else:
            replace_file(file.resolve(), data)
    except OSError as error:
        raise ModelwardError(f"cannot write {path!r}: {error.strerror}") from error


def _silence(stream: TextIO) -> None:
    """What is still buffered goes nowhere, instead of failing again when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
