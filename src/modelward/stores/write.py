"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from modelward.core.errors import UsageError
from modelward.stores.files import reason

_MOST_READ = 256 << 20  # no manifest and no signature is longer


def check_replaceable(path: str, is_ours: Callable[[bytes], bool], what: str) -> None:
    """That nothing is lost which cannot be made again: what lies at *path*, if it is a file, is one for which
    *is_ours* holds, named *what* in the error. A slip of the hand would else put a signature in the place of the
    key or the weights. Devices and pipes are not read. Raises UsageError."""
    try:
        info = os.stat(path)  # noqa: PTH116 (as open takes it)
        if not stat.S_ISREG(info.st_mode):
            return
        with open(path, "rb") as file:
            raw = file.read(_MOST_READ + 1)
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise UsageError(f"--output {path!r} cannot be looked at: {reason(error)}") from error
    if len(raw) > _MOST_READ or not is_ours(raw):
        raise UsageError(f"--output {path!r} is there and is no {what}: name another file, or remove it first")


def replace_file(path: Path, data: bytes) -> None:
    """Put *data* in the place of *path* in one step, once it is on the disk. Raises OSError."""
    beside = path.with_name(f".modelward-{os.urandom(8).hex()}")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def create_file(path: Path, data: bytes, mode: int) -> None:
    """Put *data* at *path* in one step, with the permissions *mode* from its first byte on. Raises OSError,
    FileExistsError if something is there."""
    beside = path.with_name(f".modelward-{os.urandom(8).hex()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(beside)
    finally:
        beside.unlink(missing_ok=True)
