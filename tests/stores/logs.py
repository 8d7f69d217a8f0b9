"""Logs to try things on, in memory where the system has such a place: they are written to many thousand times."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelward.attest.keys import generate
from modelward.stores.log import Log

KEY = generate("ed25519")
_MEMORY = Path("/dev/shm")


@contextmanager
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def records(count: int, what: str = "record") -> list[bytes]:
    return [f"{what} {number}".encode() for number in range(count)]


def filled(folder: Path, *batches: list[bytes]) -> Log:
    """A new log with KEY of its own."""
    folder.mkdir(parents=True)
    (folder / "key").write_bytes(KEY.pem(None))
    log = Log.open(folder)
    for batch in batches:
        log.append(batch)
    return log


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def copied(source: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(source, to))
