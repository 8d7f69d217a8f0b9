"""The walls of the strongest tier: namespaces and a root of its own. Runs as process 1 of its namespace."""

# pathlib takes milliseconds to import
# ruff: noqa: PTH101, PTH102, PTH103, PTH112, PTH120, PTH211

from __future__ import annotations

import _socket  # socket takes several milliseconds
import fcntl  # now: afterwards the interpreter's own files are out of sight
import os

from modelward.sandbox.inside import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMESPACES = (
    kernel.NEWUSER | kernel.NEWNS | kernel.NEWPID | kernel.NEWNET
    | kernel.NEWIPC | kernel.NEWUTS | kernel.NEWCGROUP
)  # fmt: skip
_SIOCSIFFLAGS, _UP, _RUNNING = 0x8914, 1, 0x40
_QUIET = kernel.NOSUID | kernel.NODEV
_ATTRIBUTES = {"read-only": _QUIET | kernel.RDONLY, "writable": _QUIET, "device": kernel.NOSUID | kernel.NOEXEC}


def raise_walls(root: dict[str, Any]) -> None:
    """Leaves nothing to see but *root*. Raises OSError."""
    kernel.make_private()
    steps = root["steps"]
    trees = {  # copied before anything is covered
        number: (kernel.clone_tree(what, _ATTRIBUTES[kind]), os.path.isdir(what))
        for number, (kind, _, what) in enumerate(steps)
        if kind in _ATTRIBUTES
    }
    base = root["base"]
    kernel.mount("tmpfs", base, "tmpfs", _QUIET, f"mode=755,size={root['size']},nr_inodes={root['inodes']}")
    os.chdir(base)
    os.mkdir("proc")
    kernel.mount("proc", "proc", "proc", _QUIET | kernel.RDONLY | kernel.NOEXEC)
    for number, (kind, path, what) in enumerate(steps):
        if number in trees:
            _place(*trees[number], path[1:])
        else:
            _make(kind, path[1:], what)
    for path in root["masked"]:
        _cover(path)
    kernel.make_read_only(".")
    kernel.enter_root()


def _place(tree: int, folder: bool, path: str) -> None:
    if not os.path.lexists(path):
        _above(path)
        if folder:
            os.mkdir(path)
        else:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
    kernel.place_tree(tree, path)
    os.close(tree)


def _make(kind: str, path: str, what: Any) -> None:
    if kind == "cover":
        _cover(path)
        return
    _above(path)
    if kind == "link":
        os.symlink(what, path)
    elif kind == "text":
        with open(path, "xb") as file:
            file.write(what)
    else:  # a folder that stays writable when the root around it is not
        os.mkdir(path)
        os.chmod(path, 0o1777)
        kernel.bind(path, path)


def _above(path: str) -> None:
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)


def _cover(path: str) -> None:
    if os.path.isdir(path):
        kernel.mount("tmpfs", path, "tmpfs", _QUIET | kernel.RDONLY | kernel.NOEXEC, "size=4k,mode=555")
    elif os.path.lexists(path):
        kernel.bind("dev/null", path)


def name_host() -> None:
    """A name that says nothing, and a loopback that works. Raises OSError."""
    with kernel.doing("sethostname"):
        _socket.sethostname("sandbox")
    request = b"lo".ljust(16, b"\0") + (_UP | _RUNNING).to_bytes(2, "little") + bytes(22)  # struct ifreq
    with kernel.doing("loopback"):
        handle = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
        fcntl.ioctl(handle.fileno(), _SIOCSIFFLAGS, request)
        handle.close()


def be_nobody(uid: int) -> None:
    """Gives up all rights over the namespace. Raises OSError."""
    kernel.become(uid)
    kernel.no_new_privileges()
    kernel.hide_memory()
