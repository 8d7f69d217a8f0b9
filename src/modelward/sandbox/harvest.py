"""What is taken from an output folder when the command is gone: regular files with one link, and folders. All else is
removed, so that nobody who uses the folder afterwards follows a link or waits at a pipe.

Everything goes by descriptors of folders, and no link is followed. No process of the run is left when this starts.
"""

from __future__ import annotations

import os
import stat

from modelward.sandbox.model import Limits, Product

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
DEPTH = 100  # folders in one another that stay; a path that is longer than the kernel takes is of no use to anybody
_NAMED = 100  # removals that are named one by one

Removal = tuple[str, str]


class Harvest:
    """One taking. `files` and `removed` are complete after `take`."""

    def __init__(self, owner: tuple[int, int] | None, limits: Limits) -> None:
        self.files: list[Product] = []
        self.removed: list[Removal] = []
        self._owner = owner
        self._left = limits.inodes

    def take(self, folder: int) -> None:
        """Walks what lies in *folder*, a descriptor. Raises OSError."""
        self._walk(folder, folder, "", 0)
        self.files.sort(key=lambda product: product.path)

    def _walk(self, root: int, folder: int, path: str, depth: int) -> None:
        for name in sorted(os.listdir(folder)):
            place = f"{path}{name}"
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            why = self._unwanted(status, depth)
            if why:
                if stat.S_ISDIR(status.st_mode):
                    clear(root, folder, name)
                else:
                    os.unlink(name, dir_fd=folder)
                if len(self.removed) < _NAMED:
                    self.removed.append((place, why))
            elif stat.S_ISDIR(status.st_mode):
                opened = _open_folder(name, folder)
                try:
                    self._settle(opened, 0o755)
                    self._walk(root, opened, place + "/", depth + 1)
                finally:
                    os.close(opened)
            else:
                self._keep(folder, name, place, status.st_mode)

    def _unwanted(self, status: os.stat_result, depth: int) -> str | None:
        kind = stat.S_IFMT(status.st_mode)
        self._left -= 1
        if self._left < 0:
            return "one entry too many"
        if kind == stat.S_IFDIR:
            return "a folder too deep" if depth >= DEPTH else None
        if kind != stat.S_IFREG:
            return _KINDS.get(kind, "a special file")
        return "a file with several names" if status.st_nlink != 1 else None

    def _keep(self, folder: int, name: str, place: str, mode: int) -> None:
        if not mode & 0o400:
            os.chmod(name, 0o600, dir_fd=folder)
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            status = os.fstat(opened)
            self._settle(opened, 0o755 if mode & 0o100 else 0o644)
        finally:
            os.close(opened)
        self.files.append(Product(place, status.st_size))

    def _settle(self, opened: int, mode: int) -> None:
        """Its rights are those of an ordinary file of the caller's: no set-user-id, nobody else's."""
        os.fchmod(opened, mode)
        if self._owner is not None:
            os.fchown(opened, *self._owner)


def clear(root: int, folder: int, name: str) -> None:
    """Removes a folder in *folder* with all that is in it, however deep: what lies deep is first brought up to *root*,
    so no path grows and few descriptors are open at once. Raises OSError."""
    todo = [(folder, name)]
    while todo:
        above, name = todo.pop()
        opened = _open_folder(name, above)
        try:
            with os.scandir(opened) as listing:
                entries = list(listing)
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    fresh = f".removed-{os.urandom(8).hex()}"
                    os.chmod(entry.name, 0o700, dir_fd=opened)  # else it cannot be moved
                    os.rename(entry.name, fresh, src_dir_fd=opened, dst_dir_fd=root)
                    todo.append((root, fresh))
                else:
                    os.unlink(entry.name, dir_fd=opened)
        finally:
            os.close(opened)
        os.rmdir(name, dir_fd=above)


def _open_folder(name: str, above: int) -> int:
    status = os.stat(name, dir_fd=above, follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode) and status.st_mode & 0o700 != 0o700:
        os.chmod(name, 0o700, dir_fd=above)
    return os.open(name, _FOLDER, dir_fd=above)


_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
