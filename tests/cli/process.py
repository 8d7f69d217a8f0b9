"""The command line as a process: over pipes, and on a terminal of a given size."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import pty
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.cli.prepared import LARGEST, LONGEST

ROOT = Path(__file__).parents[2]
STUB = (sys.executable, "-m", "tests.cli.stub_app")
REAL = (sys.executable, "-m", "modelward")

# Root without the two capabilities that let it read everything, so that permissions count for it too
# (capabilities(7): CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH; 24 is PR_CAPBSET_DROP). Others cannot do this, and need not.
_ORDINARY = (
    "import ctypes, os, sys\n"
    "for capability in (1, 2): ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
ORDINARY = (sys.executable, "-c", _ORDINARY, *REAL)

_PREPARED: Mapping[tuple[str, ...], str] = {STUB: "stub", REAL: "real", ORDINARY: "real"}


def environment(**more: str) -> dict[str, str]:
    """That of the tests, without what changes the looks of a report."""
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    return plain | {"PYTHONPATH": path, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | more


@dataclass(frozen=True, slots=True)
class Prepared:
    """One command at a time: the next is begun when the one before has ended."""

    _channel: socket.socket

    def begin(
        self,
        args: Sequence[str | bytes],
        streams: tuple[int, int, int],
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """*streams*: stdin, stdout and stderr, which stay open here."""
        request = json.dumps([list(map(os.fsdecode, args)), str(cwd or Path.cwd()), environment(**(env or {}))])
        assert len(request) < LARGEST
        socket.send_fds(self._channel, [request.encode()], streams)

    def end(self) -> int:
        """The exit code, or the signal that ended it as a negative number: SIGALRM when it took too long."""
        return int(self._channel.recv(16))


@cache
def prepared(program: tuple[str, ...]) -> Prepared:
    """*program*, but for its start: see tests/cli/prepared.py."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [*program[:-3], sys.executable, "-m", "tests.cli.prepared", _PREPARED[program], str(theirs.fileno())],
            env=environment(),
            pass_fds=[theirs.fileno()],
        )

    def leave() -> None:
        ours.close()
        process.kill()
        process.wait()

    atexit.register(leave)
    return Prepared(ours)


def piped(
    *args: str | bytes, program: tuple[str, ...] = STUB, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """In a process that was started for it only if the interpreter's start matters."""
    if program not in _PREPARED or any(name.startswith("PYTHON") for name in env or ()):
        return started(*args, program=program, cwd=cwd, env=env)
    (out, out_there), (err, err_there) = os.pipe(), os.pipe()
    with open(os.devnull) as nothing, ThreadPoolExecutor(2) as readers:
        texts = [readers.submit(_read, end) for end in (out, err)]
        try:
            prepared(program).begin(args, (nothing.fileno(), out_there, err_there), cwd, env)
        finally:
            os.close(out_there)
            os.close(err_there)
        return subprocess.CompletedProcess(args, prepared(program).end(), *(text.result() for text in texts))


def _read(end: int) -> str:
    with open(end, encoding="utf-8") as stream:
        return stream.read()


def started(
    *args: str | bytes, program: tuple[str, ...] = STUB, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program, *args],
        cwd=cwd,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


def on_terminal(*args: str, columns: int = 80, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit code, and all that the terminal got from stdout and stderr."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    program = prepared(STUB)
    program.begin(args, (theirs, theirs, theirs), env=env)
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
    return program.end(), shown.decode().replace("\r\n", "\n")
