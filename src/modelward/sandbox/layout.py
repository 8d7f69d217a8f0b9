"""What the command sees: the files of its own root as values, made by pure code from what lies on this system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

Wire = tuple[str, str, str | bytes]


class Kind(Enum):
    """What a step puts at its path."""

    READ_ONLY = "read-only"  # the file or folder `what`
    WRITABLE = "writable"
    DEVICE = "device"
    LINK = "link"  # to `what`
    TEXT = "text"  # a file that says `what`
    PRIVATE = "private"  # an empty folder to write to
    COVER = "cover"  # nothing, where a file was


@dataclass(frozen=True, slots=True)
class Step:
    """One thing of the new root. The steps are done in order."""

    kind: Kind
    path: str
    what: str | bytes = ""

    def wire(self) -> Wire:
        return self.kind.value, self.path, self.what


@dataclass(frozen=True, slots=True)
class Seen:
    """What lies on this system: a path that is there, and where it leads, if it is a link."""

    path: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """All that a command is shown."""

    system: Sequence[Seen]
    read: Sequence[str]  # inputs, programs and prefixes, by their real paths
    links: Sequence[Seen]  # by which the paths that were named lead to those
    sockets: Sequence[str]  # in `read`, to which somebody listens
    output: str


# the system's programs and libraries, and of its settings those without which they do not run
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
SETTINGS = tuple(
    "/etc/" + name
    for name in (
        "alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "fonts", "ssl/certs",
        "ssl/openssl.cnf", "ca-certificates", "pki/tls", "pki/ca-trust/extracted", "crypto-policies", "python3",
        "python3.11", "python3.12", "python3.13", "python3.14", "magic", "mime.types", "terminfo",
    )
)  # fmt: skip
HARDWARE = ("/sys/devices/system/cpu", "/sys/devices/system/node")  # how many threads numerical libraries start
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PROCESSES = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/version", "/proc/filesystems")
SHARED_MEMORY = "/dev/shm"

# of /proc, what tells of the host or its hardware more than programs need
MASKED = tuple(
    "proc/" + name
    for name in (
        "acpi", "asound", "bus", "cmdline", "config.gz", "driver", "fs", "interrupts", "iomem", "ioports", "irq",
        "kallsyms", "kcore", "key-users", "keys", "kmsg", "kpagecount", "kpageflags", "latency_stats", "modules",
        "sched_debug", "scsi", "sys/kernel/random/boot_id", "sysrq-trigger", "timer_list", "timer_stats",
    )
)  # fmt: skip

USER, UID = "sandbox", 65534
_TEXTS = {
    "/etc/passwd": f"{USER}:x:{UID}:{UID}::/nonexistent:/bin/sh\n",
    "/etc/group": f"{USER}:x:{UID}:\n",
    "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
_DEVICE_LINKS = (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                 ("stderr", "/proc/self/fd/2"))  # fmt: skip
_FORBIDDEN = ("/proc", "/sys", "/dev", "/tmp", "/run", "/var/run")


def steps(given: Given) -> tuple[Step, ...]:
    """The new root of *given*. What is read comes shallow paths first, so that none covers another; the output last."""
    first = [_system(seen) for seen in given.system]
    texts = [Step(Kind.TEXT, path, text.encode()) for path, text in _TEXTS.items()]
    devices = [Step(Kind.DEVICE, path, path) for path in DEVICES]
    links = [Step(Kind.LINK, f"/dev/{name}", to) for name, to in _DEVICE_LINKS]
    private = [Step(Kind.PRIVATE, path) for path in (temporary(given), SHARED_MEMORY)]
    shown = [seen.path for seen in given.system if seen.link is None]
    there = [seen.path for seen in given.system]
    named = [Step(Kind.LINK, seen.path, seen.link or "") for seen in given.links if not inside(seen.path, there)]
    read = [Step(Kind.READ_ONLY, path, path) for path in outermost(given.read, shown)]
    output = Step(Kind.WRITABLE, given.output, given.output)
    covers = [Step(Kind.COVER, path) for path in given.sockets]
    return (*first, *texts, *devices, *links, *private, *named, *read, *covers, output)


def temporary(given: Given) -> str:
    """The private folder for temporary files: where programs expect it, unless an input lies there. Landlock gives a
    right for all that lies below a folder, whatever is mounted there, and a pipe can be written to though it is
    mounted read-only."""
    return "/run/tmp" if any(inside(path, ("/tmp",)) for path in given.read) else "/tmp"


def _system(seen: Seen) -> Step:
    if seen.link is not None:
        return Step(Kind.LINK, seen.path, seen.link)
    return Step(Kind.READ_ONLY, seen.path, seen.path)


def outermost(paths: Iterable[str], already: Sequence[str] = ()) -> Iterator[str]:
    """Those of *paths* that lie in none of the others, nor in one that is shown *already*."""
    shown = list(already)
    for path in sorted(set(paths), key=lambda path: (len(PurePosixPath(path).parts), path)):
        if not inside(path, shown):
            shown.append(path)
            yield path


def inside(path: str, folders: Iterable[str]) -> bool:
    return any(PurePosixPath(path).is_relative_to(folder) for folder in folders)


def unfit(path: str) -> str | None:
    """Why that path cannot be an input or the output; None where it can."""
    if path == "/" or path in _FORBIDDEN:
        return "it is too much: name what is needed in it"
    if inside(path, ("/proc", "/sys", "/dev")):
        return "it belongs to the kernel"
    return None
