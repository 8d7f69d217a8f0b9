"""The command line as a process: over pipes, and on a terminal of a given size."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
STUB = (sys.executable, "-m", "tests.cli.stub_app")
REAL = (sys.executable, "-m", "modelward.cli.main")


def environment(**more: str) -> dict[str, str]:
    """That of the tests, without what changes the looks of a report."""
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    return plain | {"PYTHONPATH": path, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | more


def piped(
    *args: str | bytes, program: tuple[str, ...] = STUB, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program, *args],
        cwd=cwd,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def on_terminal(*args: str, columns: int = 80, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code, and all that the terminal got from stdout and stderr."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*STUB, *args], env=environment(**(env or {})), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # how Linux says that the other side is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(60), shown.decode().replace("\r\n", "\n")
