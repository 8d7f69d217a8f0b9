"""The folders that a run writes to, lent to the user that it runs as, and taken back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelward.core.errors import UsageError
from modelward.sandbox import harvest
from modelward.sandbox.harvest import Harvest
from modelward.sandbox.model import Limits, SandboxError

# beyond what login services, container tools and systemd hand out (systemd.io/UIDS-GIDS); then, for namespaces that
# map no more than 65,536, the range of systemd's dynamic users; then nobody
_UIDS = ((2_013_265_920, 16_000_000), (61_184, 4_336), (65_534, 1))


def nobody() -> int | None:
    """A user that owns nothing and runs nothing else, for a caller who is root; None for another caller."""
    if os.geteuid() != 0:
        return None
    mapped = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    for start, count in _UIDS:
        uid = start + int.from_bytes(os.urandom(8), "little") % count
        if any(inside <= uid < inside + number for inside, _, number in mapped):
            return uid
    raise SandboxError("no user but root is mapped here, so root cannot be dropped: map more users into this container")


@contextmanager
def output(path: Path, uid: int | None, limits: Limits) -> Iterator[Harvest]:
    """The output while a command may write to it. When the block ends, what the command left there is harvested.

    Raises UsageError when the folder is not empty or cannot be made, OSError when it cannot be tidied.
    """
    path = Path(os.path.realpath(path))
    made = _made(path)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    before = os.fstat(folder)
    owner = None if uid is None else (before.st_uid, before.st_gid)
    taking = Harvest(owner, limits)
    try:
        if os.listdir(folder):
            raise UsageError(f"the output {str(path)!r} is not empty: name a folder that is new or empty")
        if uid is not None:
            os.fchown(folder, uid, uid)
        try:
            yield taking
        except (SandboxError, UsageError):
            if made:
                with suppress(OSError):  # it holds something, so the command had started
                    path.rmdir()
            raise
        finally:
            taking.take(folder)
            if owner is not None:
                os.fchown(folder, *owner)
            os.fchmod(folder, before.st_mode & 0o7777)
    finally:
        os.close(folder)


def _made(path: Path) -> bool:
    try:
        path.mkdir()
    except FileExistsError:
        if not path.is_dir():
            raise UsageError(f"the output {str(path)!r} is not a folder") from None
        return False
    except OSError as error:
        raise UsageError(f"cannot make the output {str(path)!r}: {error.strerror}") from error
    return True


@contextmanager
def scratch(uid: int | None) -> Iterator[str]:
    """A private folder for the time of the block."""
    above = os.path.realpath(os.environ.get("TMPDIR") or "/tmp")
    name = f"modelward-{os.urandom(8).hex()}"
    try:
        folder = os.open(above, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        os.mkdir(name, 0o700, dir_fd=folder)
    except OSError as error:
        raise SandboxError(f"cannot make a temporary folder in {above!r}: {error.strerror}") from error
    try:
        if uid is not None:
            os.chown(name, uid, uid, dir_fd=folder, follow_symlinks=False)
        yield f"{above}/{name}"
    finally:
        harvest.clear(folder, folder, name)
        os.close(folder)
