"""What lies on this system that a command is to see. Reads names and links; opens programs for their first line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from modelward.core.errors import UsageError
from modelward.sandbox import layout, programs
from modelward.sandbox.layout import Given, Seen
from modelward.sandbox.model import SandboxError


def given(program: str, inputs: Sequence[Path], output: Path, *, dropped: bool) -> Given:
    """*dropped*: the command runs as a user to whom nothing here belongs.

    Raises UsageError for a path that is not there, or too much; SandboxError where /proc cannot tell of sockets."""
    named = [os.path.abspath(path) for path in (*inputs, output)]  # noqa: PTH100 (links are followed one by one below)
    for path in named:
        if not os.path.lexists(path):
            raise UsageError(f"there is no {path!r}: name inputs that exist")
    wanted = [*programs.needed(program), *named]
    real = [os.path.realpath(path) for path in wanted]
    for path, name in zip(real[-len(named) :], named, strict=True):
        why = layout.unfit(path)
        if why:
            raise UsageError(f"{name!r} cannot be shown to a command: {why}")
    for path in real[-len(named) : -1]:
        needed = 0o005 if os.path.isdir(path) else 0o004  # noqa: PTH112
        if dropped and Path(path).stat().st_mode & needed != needed:
            raise UsageError(f"{path!r} is closed to the user that root is dropped to: open it to others (chmod o+rX)")
    links = dict.fromkeys(seen for path in wanted for seen in _links(path))
    return Given(tuple(_system()), real[:-1], tuple(links), tuple(_sockets(real[:-1])), real[-1])


def _system() -> Iterator[Seen]:
    for path in (*layout.SYSTEM, *layout.SETTINGS, *layout.HARDWARE):
        if os.path.islink(path) and path in layout.SYSTEM:  # noqa: PTH114
            yield Seen(path, os.readlink(path))  # noqa: PTH115
        elif os.path.exists(path):  # noqa: PTH110
            yield Seen(path)


def _links(path: str) -> Iterator[Seen]:
    """The links on the way to *path*, each with where it leads in the end."""
    place = Path("/")
    for part in Path(path).parts[1:]:
        place /= part
        if place.is_symlink():
            yield Seen(str(place), os.path.realpath(place))
            place = place.resolve()


def _sockets(read: Sequence[str]) -> Iterator[str]:
    """The unix sockets of this system among what is shown: neither a network namespace nor a read-only mount keeps
    a command from talking to whoever listens there."""
    try:
        lines = Path("/proc/net/unix").read_bytes().splitlines()[1:]
    except OSError as error:
        raise SandboxError(f"cannot tell which sockets lie in the inputs: /proc/net/unix: {error.strerror}") from error
    for line in lines:
        words = line.split(None, 7)
        name = os.fsdecode(words[7]) if len(words) == 8 else ""
        if name.startswith("/") and layout.inside(os.path.realpath(name), read) and os.path.lexists(name):
            yield os.path.realpath(name)


def threads(uid: int) -> int:
    """How many threads that user has, which is what the kernel holds against RLIMIT_NPROC."""
    found = 0
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            if Path(f"/proc/{process}").stat().st_uid == uid:
                found += len(os.listdir(f"/proc/{process}/task"))
        except OSError:  # it has ended
            continue
    return found
