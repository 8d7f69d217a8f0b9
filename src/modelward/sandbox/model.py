"""What is asked of a sandbox, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path

from modelward.core.errors import ModelwardError


class SandboxError(ModelwardError):
    """The sandbox could not be made, or could not be made as strong as was asked. Nothing was started."""


class ProgramMissing(SandboxError):
    """The command names no program that could be executed. Nothing was started."""


class Tier(IntEnum):
    """How strong the walls are; a greater one keeps whatever a lesser one keeps."""

    NONE = 0
    PARTIAL = 1
    EXTERNAL = 2
    FULL = 3

    def __str__(self) -> str:
        return self.name.lower()


class Profile(Enum):
    """What the command needs of the outside.

    LOAD: no sockets of any kind, for one program that reads a file. RUN: loopback, unix sockets and any number of
    programs among themselves.
    """

    LOAD = "load"
    RUN = "run"


_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use. The kernel bounds a single process; what all of them use together is looked at several
    times a second, so a limit may be passed by what is used in that time."""

    wall: float = 3600.0  # seconds
    cpu: int = 24 * 3600  # seconds, of all processes
    memory: int = 16 * 1024 * _MIB  # bytes; the private temporary folder may take as much again
    processes: int = 512  # and threads
    descriptors: int = 1024  # of each process
    disk: int = 64 * 1024 * _MIB  # bytes in the output; also the greatest file
    inodes: int = 100_000
    printed: int = 64 * _MIB  # bytes on stdout and stderr

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 < getattr(self, name) < 1 << 62:
                raise ValueError(f"{name} must be more than nothing and less than 2^62")


@dataclass(frozen=True, slots=True)
class Plan:
    """A command and all that it is given.

    `require` is the least tier that will do. `environment` is all of the command's, beyond PATH, HOME, TMPDIR,
    USER and LANG.
    """

    argv: tuple[str, ...]
    output: Path  # a folder that is empty, or not there yet
    inputs: tuple[Path, ...] = ()
    profile: Profile = Profile.RUN
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=dict)
    require: Tier = Tier.PARTIAL


@dataclass(frozen=True, slots=True)
class Exited:
    """The command ended by itself."""

    code: int


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal ended the command."""

    number: int


@dataclass(frozen=True, slots=True)
class Limited:
    """It was stopped, since it reached the limit of that name."""

    limit: str


@dataclass(frozen=True, slots=True)
class Unstarted:
    """The sandbox stood, and the command could not be executed in it."""

    why: str
    missing: bool  # there is no such file; else it may not be executed


Ended = Exited | Signalled | Limited | Unstarted


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the kernel offered to this run."""

    kernel: str
    machine: str
    landlock: int  # its ABI; 0 where there is none or it was not used
    uid_dropped: bool  # the command ran as a user to whom nothing else belongs


@dataclass(frozen=True, slots=True)
class Product:
    """A regular file of the output. `path` is relative to it; a name that is not UTF-8 has surrogates."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. All that the command wrote or printed is its claim, to be read as hostile input."""

    ended: Ended
    tier: Tier
    abilities: Abilities
    missed: tuple[tuple[Tier, str], ...]  # the stronger tiers, and why they could not be made
    gaps: tuple[str, ...]  # what this tier could not keep the command from, on this kernel
    stdout: bytes
    stderr: bytes
    files: tuple[Product, ...]
    left_out: tuple[tuple[str, str], ...]  # what lay in the output and was removed from it: path, why
