"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


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
