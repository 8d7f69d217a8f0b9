"""Files and folders that appear whole, under a name where nothing was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from modelward.core.errors import ModelwardError, UsageError
from modelward.stores.files import reason


@contextmanager
def new_place(path: str) -> Iterator[Path]:
    """A folder beside *path* to make a file or a folder in, under the name that is given. What lies there as "made"
    when the block ends is moved to *path* in one step; whatever ends it early leaves nothing behind.

    Raises UsageError if something is at *path*, now or when it is to be put there, or its folder is not.
    """
    target = Path(path)
    check_free(path)
    beside = target.parent / f".modelward-{os.urandom(8).hex()}"
    try:
        beside.mkdir(mode=0o700)
    except OSError as error:
        raise UsageError(f"--output {path!r} cannot be made: {reason(error)}") from error
    try:
        yield beside / "made"
        _move(beside / "made", target)
    except OSError as error:
        raise ModelwardError(f"cannot write {path!r}: {reason(error)}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_pieces(path: Path, pieces: Iterable[bytes | bytearray]) -> None:
    """Raises OSError."""
    with path.open("xb", buffering=0) as file:
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[file.write(rest) :]


def settle(path: Path) -> None:
    """Wait until a file, or the files of a folder, are on the disk. Raises OSError."""
    for each in path.iterdir() if path.is_dir() else (path,):
        with each.open("rb") as file:
            os.fsync(file.fileno())


def check_free(path: str, option: str = "--output") -> None:
    """Raises UsageError now rather than after long work."""
    if os.path.lexists(path):
        raise UsageError(f"{option} {path!r} is there already: name another place, or remove it first")
    if not Path(path).parent.is_dir():
        raise UsageError(f"{option} {path!r}: there is no folder {str(Path(path).parent)!r}")


def _move(made: Path, target: Path) -> None:
    """Without putting it in the place of anything: a link for a file, and a folder never replaces a full one."""
    if made.is_dir():
        check_free(str(target))
        made.rename(target)
        return
    try:
        target.hardlink_to(made)
    except FileExistsError:
        check_free(str(target))
        raise
