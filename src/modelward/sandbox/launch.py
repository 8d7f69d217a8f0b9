"""Starts the helper, speaks with it, passes on what the command prints, and ends it all at a limit.

The helper is a fresh interpreter, not a fork: a caller may have threads, and its memory is nobody's business.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import select
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from modelward.sandbox import watch
from modelward.sandbox.model import Limits, SandboxError

Printed = Callable[[int, bytes], None]  # descriptor 1 or 2, and what came out of it
Maps = Mapping[str, Sequence[tuple[int, int]]]  # uid_map, gid_map: inside, outside

_START = "import sys; sys.path.append({!r}); from modelward.sandbox.inside.helper import main; main()"
_OUT, _ERR, _REPORT = 1, 2, 3
_LOOK = 0.05  # seconds between two looks at what is used, or more: looking takes at most a fiftieth of the time
_PATIENCE = 10.0  # seconds for the helper to end what is left
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Report:
    """What the helper said, and the limit that was reached."""

    lines: tuple[str, ...]
    limit: str | None

    def said(self, word: str) -> str | None:
        """What follows *word* in the first line that starts with it."""
        for line in self.lines:
            first, _, rest = line.partition(" ")
            if first == word:
                return rest
        return None


def carry_out(order: Mapping[str, Any], limits: Limits, folders: Sequence[str], maps: Maps, printed: Printed) -> Report:
    """Returns when no process of the run is left. Raises SandboxError if the helper cannot be started; what *printed*
    raises ends the run."""
    with _Helper() as helper:
        data = marshal.dumps(dict(order))
        helper.say(len(data).to_bytes(4, "little") + data)
        return _Talk(helper, limits, folders, maps, printed).hold()


class _Helper:
    """The helper process, with this end of its pipes. Leaving it ends the run."""

    def __init__(self) -> None:
        if not sys.executable:
            raise SandboxError("this Python does not know its own program, by which the sandbox is started")
        source = str(Path(__file__).parents[2])
        with ExitStack() as theirs, ExitStack() as ours:
            read, self.order = _pipe(theirs, ours)
            actions = [(os.POSIX_SPAWN_DUP2, read, 0)]
            self.ends: dict[int, int] = {}
            for number in (_OUT, _ERR, _REPORT):
                end, write = _pipe(ours, theirs)
                self.ends[end] = number
                actions.append((os.POSIX_SPAWN_DUP2, write, number))
            words = [sys.executable, "-I", "-S", "-c", _START.format(source)]
            try:
                self.process = os.posix_spawn(sys.executable, words, {}, file_actions=actions)
            except OSError as error:
                raise SandboxError(f"cannot start {sys.executable!r}: {error.strerror}") from error
            self._open = ours.pop_all()
        self._ended = False

    def __enter__(self) -> _Helper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        end = time.monotonic() + _PATIENCE
        while not self.ended():
            if time.monotonic() > end:
                os.kill(self.process, 9)
            time.sleep(0.001)

    def say(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self.order, data) :]
        except BrokenPipeError:  # it has ended; what it reported tells why
            return

    def end(self) -> None:
        """What is said by closing: that the run is over."""
        null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(null, self.order, inheritable=False)
        os.close(null)

    def ended(self) -> bool:
        self._ended = self._ended or os.waitpid(self.process, os.WNOHANG)[0] != 0
        return self._ended


def _pipe(read: ExitStack, write: ExitStack) -> tuple[int, int]:
    """Beyond the descriptors that the helper's are put to, whichever this process has closed."""
    ends = os.pipe()
    made = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    read.callback(os.close, made[0])
    write.callback(os.close, made[1])
    return made[0], made[1]


class _Talk:
    """The exchange with a helper until it has nothing more to say."""

    def __init__(self, helper: _Helper, limits: Limits, folders: Sequence[str], maps: Maps, printed: Printed) -> None:
        self._helper, self._limits, self._folders, self._maps, self._printed = helper, limits, folders, maps, printed
        self._said = b""
        self._limit: str | None = None
        self._left = limits.printed
        self._open = dict(helper.ends)

    def hold(self) -> Report:
        poller = select.poll()
        for end in self._open:
            poller.register(end, select.POLLIN)
        start = look = time.monotonic()
        look += _LOOK
        last = None
        while self._open:
            now = time.monotonic()
            if self._limit is None and now > start + self._limits.wall:
                self._stop("wall")
            elif self._limit is None and now > look:
                self._stop(watch.exceeded(self._helper.process, self._folders, self._limits))
                look = now + max(_LOOK, 50 * (time.monotonic() - now))
            if self._helper.ended():
                last = last or now
                if now > last + 1:  # somebody else holds a pipe open; what was printed has long been read
                    break
            due = min(look, start + self._limits.wall) if self._limit is None else now + _LOOK
            for end, _ in poller.poll(max(1.0, 1000 * (due - now))):
                if not self._read(end):
                    poller.unregister(end)
                    del self._open[end]
        return Report(tuple(self._said.decode("utf-8", "surrogateescape").splitlines()), self._limit)

    def _read(self, end: int) -> bool:
        """False at its end."""
        data = os.read(end, _PIECE)
        number = self._open[end]
        if number == _REPORT:
            self._said += data
            if data == b"unshared\n":
                self._map_users()
        elif data and self._left > 0:
            self._printed(number, data[: self._left])
            self._left -= len(data)
            if self._left < 0:
                self._stop("printed")
        return bool(data)

    def _stop(self, limit: str | None) -> None:
        if limit and self._limit is None:
            self._limit = limit
            self._helper.end()

    def _map_users(self) -> None:
        place = Path(f"/proc/{self._helper.process}")
        try:
            (place / "setgroups").write_text("deny")
            for name, those in self._maps.items():
                (place / name).write_text("".join(f"{inside} {outside} 1\n" for inside, outside in those))
        except OSError as error:
            self._said += f"failed {error.filename and Path(error.filename).name}: {error.strerror}\n".encode()
            self._helper.end()
        else:
            self._helper.say(b".")
