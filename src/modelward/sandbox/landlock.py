"""Landlock rules as values: which rights, for which paths, by which ABI (linux/landlock.h)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag


class Right(IntFlag):
    """LANDLOCK_ACCESS_FS_*."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Right.READ_FILE | Right.READ_DIR
USE = READ | Right.EXECUTE
DEVICE = Right.READ_FILE | Right.WRITE_FILE
WRITE = (
    READ | Right.WRITE_FILE | Right.REMOVE_DIR | Right.REMOVE_FILE | Right.MAKE_DIR | Right.MAKE_REG
    | Right.REFER | Right.TRUNCATE
)  # fmt: skip
BUILD = WRITE | Right.EXECUTE | Right.MAKE_SYM
SCRATCH = BUILD | Right.MAKE_SOCK | Right.MAKE_FIFO

# the rights that each ABI knows, from the first on; a later one is taken for the last
HANDLED = tuple((1 << bits) - 1 for bits in (13, 14, 15, 15, 16))
FILES = Right.EXECUTE | Right.WRITE_FILE | Right.READ_FILE | Right.TRUNCATE | Right.IOCTL_DEV  # what fits no folder
TCP_ABI, TCP = 4, 3  # bind and connect
SCOPE_ABI, SCOPE = 6, 3  # abstract unix sockets and signals: none beyond the command's own processes


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What is allowed; all else that an ABI knows of is not."""

    paths: tuple[tuple[str, Right], ...]
    tcp: bool

    def wire(self) -> dict[str, object]:
        """For the helper, which asks the kernel for its ABI and masks what that does not know."""
        return {
            "handled": HANDLED,
            "files": int(FILES),
            "paths": [(path, int(right)) for path, right in self.paths],
            "tcp": (TCP_ABI, 0 if self.tcp else TCP),
            "scope": (SCOPE_ABI, SCOPE),
        }
