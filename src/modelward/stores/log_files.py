"""The files of a log: read within limits, written so that a cut power line leaves the old or the new."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterable, Set
from itertools import chain
from pathlib import Path
from typing import TypeVar

from modelward.attest.merkle import HASH_SIZE
from modelward.attest.tiles import LONGEST_BUNDLE, WIDTH, Bundle, Inconsistent, Tile, unpack
from modelward.core.errors import ReadError
from modelward.stores.files import reason
from modelward.stores.write import create_file, replace_file

CHECKPOINT = "checkpoint"
KEY = "key"
PUBLIC_KEY = "key.pub"
_SMALL = 1 << 20
_ATTEMPTS = 3
"""Times to look for what writers replace meanwhile."""
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_Part = TypeVar("_Part", Tile, Bundle)
_UNFINISHED = ".modelward-"  # how replace_file names what it has not put in its place yet


class Missing(Inconsistent):
    """A file that the log must have is not there."""


class LogFiles:
    """Paths are relative to *folder*, as https://c2sp.org/tlog-tiles names them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unsynced: set[Path] = set()

    def has(self, path: str) -> bool:
        return os.path.lexists(self.folder / path)

    def read(self, path: str, most: int = _SMALL) -> bytes:
        """Raises Missing, ReadError, and Inconsistent for what is no regular file of *most* bytes at most."""
        try:
            # O_NONBLOCK: opening a FIFO put in the file's place must not wait for a writer
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
            with open(os.open(self.folder / path, flags), "rb", buffering=0) as file:
                info = os.fstat(file.fileno())
                if not stat.S_ISREG(info.st_mode) or info.st_size > most:
                    raise Inconsistent(path, f"it is no file of {most:,} bytes at most")
                return file.read(most + 1) or b""
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Missing(path, "it is not there") from error
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise Inconsistent(path, "it is a link, and a log has none") from error
            raise ReadError(f"the log's {path} cannot be read: {reason(error)}") from error

    def read_tile(self, tile: Tile) -> bytes:
        """Raises as `read`."""
        found, raw = self._find(tile, WIDTH * HASH_SIZE)
        return raw if found == tile else raw[: tile.width * HASH_SIZE]

    def read_bundle(self, bundle: Bundle) -> list[bytes]:
        """Raises as `read`, and Inconsistent."""
        found, raw = self._find(bundle, LONGEST_BUNDLE)
        return unpack(raw, found)[: bundle.width]

    def write(self, path: str, data: bytes) -> None:
        """Whole or not at all, and durable after `sync`. Raises OSError."""
        target = self.folder / path
        self._make(target.parent)
        replace_file(target, data)
        self._unsynced.add(target.parent)

    def create(self, path: str, data: bytes, mode: int) -> None:
        """The same for what must not be there. Raises OSError."""
        self._make(self.folder)
        create_file(self.folder / path, data, mode)
        self._unsynced.add(self.folder)

    def sync(self) -> None:
        """A file that was renamed is lost with the power unless its folder was written too. Raises OSError."""
        for folder in self._unsynced:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._unsynced.clear()

    def tidy(self, written: Iterable[Tile | Bundle]) -> None:
        """Remove what *written* has replaced, and what killed writers have left there. Nothing depends on it."""
        folders = {self.folder}
        with contextlib.suppress(OSError):
            for part in written:
                whole = self.folder / part._replace(width=WIDTH).path
                partial = whole.with_name(f"{whole.name}.p")
                folders |= {whole.parent, partial}
                for path in self._listing(partial):
                    if path.name != str(part.width) and _NUMBER.fullmatch(path.name):
                        path.unlink()
                if part.width < WIDTH:
                    whole.unlink(missing_ok=True)
            for path in chain.from_iterable(map(self._listing, folders)):
                if path.name.startswith(_UNFINISHED):
                    path.unlink()
            for folder in folders - {self.folder}:
                if folder.suffix == ".p" and not self._listing(folder):
                    folder.rmdir()

    def _find(self, part: _Part, most: int) -> tuple[_Part, bytes]:
        """*part*, or what a writer has put in its place since: it is the beginning of every wider one."""
        try:
            return part, self.read(part.path, most)
        except Missing:
            for _ in range(_ATTEMPTS):
                for found in self._wider(part):
                    with contextlib.suppress(Missing):
                        return found, self.read(found.path, most)
            raise

    def _wider(self, part: _Part) -> list[_Part]:
        names = [each.name for each in self._listing((self.folder / part.path).parent)] if part.width < WIDTH else []
        widths = {int(name) for name in names if _NUMBER.fullmatch(name)} | {WIDTH}
        return [part._replace(width=width) for width in sorted(widths) if part.width < width <= WIDTH]

    def others(self, used: Set[str]) -> list[str]:
        """All files in the folder but *used*."""
        found = (
            os.path.relpath(Path(folder, name), self.folder)
            for folder, _, names in os.walk(self.folder)
            for name in names
        )
        return sorted(path for path in found if path not in used)

    def _make(self, folder: Path) -> None:
        """Raises OSError. A link is refused: the log may be somebody else's, and what is written stays within."""
        if folder != self.folder:
            self._make(folder.parent)
        elif not folder.parent.is_dir():
            folder.parent.mkdir(parents=True)
        if folder.is_symlink():
            raise OSError(errno.ELOOP, f"{str(folder)!r} is a link, and a log has none")
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            self._unsynced.add(folder.parent)

    def _listing(self, folder: Path) -> list[Path]:
        """Empty for what is no folder, or lies behind a link."""
        inner = [self.folder, *(Path(self.folder, each) for each in folder.relative_to(self.folder).parents)]
        try:
            return [] if any(each.is_symlink() for each in (folder, *inner)) else list(folder.iterdir())
        except OSError:
            return []
