"""What a run uses while it lasts: of the processor, memory and disk, by all of its processes together."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from modelward.sandbox.harvest import DEPTH
from modelward.sandbox.model import Limits

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_RESERVE = 1 << 28
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def exceeded(helper: int, folders: Sequence[str], limits: Limits) -> str | None:
    """The name of a limit that is passed; None where none is, as far as can be seen."""
    processes = _descendants(helper)
    cpu, resident = 0.0, 0
    for process in processes:
        try:
            words = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:  # it has ended
            continue
        cpu += sum(map(int, words[11:15])) / _TICKS  # its own, and that of children it has waited for
        resident += int(words[21]) * _PAGE
    if cpu > limits.cpu:
        return "cpu"
    if resident > limits.memory and sum(map(_proportional, processes)) > limits.memory:
        return "memory"
    tally = _Tally(limits)
    for folder in folders:
        tally.add(folder)
    if tally.entries > limits.inodes:
        return "inodes"
    if tally.size > limits.disk or tally.size + _unlinked(processes, folders) > limits.disk:
        return "disk"
    return "disk" if any(map(_crowded, folders)) else None


def _descendants(helper: int) -> list[int]:
    found: list[int] = []
    todo = [helper]
    while todo:
        process = todo.pop()
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                children = Path(f"/proc/{process}/task/{thread}/children").read_bytes()
                todo += map(int, children.split())
        except OSError:
            continue
        finally:
            found.append(process)
    return found[1:]


def _proportional(process: int) -> int:
    """Its memory, with what it shares divided among those that share it; proc_pid_smaps_rollup(5)."""
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


class _Tally:
    """Bytes and entries of folders that somebody else is writing to. Whatever cannot be counted counts as too much.

    It goes by descriptors and follows no link, so it is never led elsewhere."""

    def __init__(self, limits: Limits) -> None:
        self.size = self.entries = 0
        self._most = limits.inodes

    def add(self, name: str, above: int | None = None, depth: int = 0) -> None:
        try:
            folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
        except PermissionError:
            self.entries = self._most + 1
            return
        except OSError:  # it was there a moment ago
            return
        try:
            for entry in os.listdir(folder):
                self.entries += 1 if depth < DEPTH else self._most
                if self.entries > self._most:
                    return
                self._add_entry(entry, folder, depth)
        finally:
            os.close(folder)

    def _add_entry(self, name: str, folder: int, depth: int) -> None:
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            return
        self.size += max(status.st_size, status.st_blocks * 512)  # a hole counts, since a reader would meet it
        if stat.S_ISDIR(status.st_mode):
            self.add(name, folder, depth + 1)


def _crowded(folder: str) -> bool:
    """Whether little is left for everybody else, whatever the limit allows."""
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize < min(_RESERVE, system.f_blocks * system.f_frsize // 100)


def _unlinked(processes: Iterable[int], folders: Sequence[str]) -> int:
    """Bytes of files that have lost their name and are still open."""
    devices = {Path(folder).stat().st_dev for folder in folders}
    found: dict[tuple[int, int], int] = {}
    for process in processes:
        try:
            for name in os.listdir(f"/proc/{process}/fd"):
                status = Path(f"/proc/{process}/fd/{name}").stat()
                if status.st_nlink == 0 and stat.S_ISREG(status.st_mode) and status.st_dev in devices:
                    found[status.st_dev, status.st_ino] = status.st_blocks * 512
        except OSError:
            continue
    return sum(found.values())
