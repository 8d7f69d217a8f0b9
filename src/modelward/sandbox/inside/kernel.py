"""The system calls that Python has no word for, by ctypes. Each raises OSError that says what was attempted.

Numbers above 423 are the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

NEWUSER, NEWNS, NEWPID, NEWNET = 0x10000000, 0x20000, 0x20000000, 0x40000000
NEWIPC, NEWUTS, NEWCGROUP = 0x08000000, 0x04000000, 0x02000000
RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8  # the same as MS_* and as MOUNT_ATTR_*

_MS_BIND, _MS_REC, _MS_PRIVATE, _MNT_DETACH = 4096, 16384, 1 << 18, 2
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR, _CLOSE_RANGE = 428, 429, 442, 436
_OPEN_TREE_CLONE, _MOVE_MOUNT_F_EMPTY_PATH, _CLOSE_RANGE_CLOEXEC = 1, 4, 4
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_PDEATHSIG, _DUMPABLE, _CAPBSET_DROP, _SECUREBITS, _SUBREAPER, _NO_NEW_PRIVS, _CAP_AMBIENT = 1, 4, 24, 28, 36, 38, 47


class doing:
    """Names what was attempted in an OSError that does not. (contextlib takes milliseconds to import.)"""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = self.what


def _raise(what: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), what)


def _call(what: str, number: int, *arguments: int | bytes | None) -> int:
    made = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = _libc.syscall(ctypes.c_long(number), *made)
    if result < 0:
        _raise(what)
    return result


def _prctl(what: str, option: int, *arguments: int) -> None:
    four = (*arguments, 0, 0, 0, 0)[:4]
    if _libc.prctl(option, *(ctypes.c_ulong(each) for each in four)) < 0:
        _raise(what)


def unshare(flags: int) -> None:
    if _libc.unshare(flags) < 0:
        _raise("unshare")


# --- mounts ---


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    arguments = (os.fsencode(source), os.fsencode(target), kind and kind.encode(), ctypes.c_ulong(flags))
    if _libc.mount(*arguments, options.encode()) < 0:
        _raise(f"mount {kind or source} on {target}")


def make_private() -> None:
    mount("none", "/", None, _MS_REC | _MS_PRIVATE)


def bind(source: str, target: str) -> None:
    mount(source, target, None, _MS_BIND)


def clone_tree(path: str, attributes: int) -> int:
    """A descriptor of a copy of the mounts at *path*, with *attributes* on each of them."""
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    tree = _call(f"open_tree {path}", _OPEN_TREE, _AT_FDCWD, os.fsencode(path), flags)
    set_attributes(tree, "", attributes, _AT_EMPTY_PATH | _AT_RECURSIVE)
    return tree


def set_attributes(folder: int, path: str, attributes: int, flags: int = 0) -> None:
    wanted = attributes.to_bytes(8, "little") + bytes(24)  # struct mount_attr: set, clear, propagation, userns
    _call("mount_setattr", _MOUNT_SETATTR, folder, os.fsencode(path), flags, wanted, len(wanted))


def make_read_only(path: str) -> None:
    set_attributes(_AT_FDCWD, path, RDONLY)


def place_tree(tree: int, path: str) -> None:
    _call(f"move_mount {path}", _MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(path), _MOVE_MOUNT_F_EMPTY_PATH)


def enter_root() -> None:
    """The working directory becomes the root; the old one is gone."""
    if _libc.pivot_root(b".", b".") < 0:
        _raise("pivot_root")
    if _libc.umount2(b".", _MNT_DETACH) < 0:
        _raise("umount2 of the old root")
    os.chdir("/")


# --- the process ---


def die_with_parent() -> None:
    _prctl("prctl PR_SET_PDEATHSIG", _PDEATHSIG, 9)


def adopt_orphans() -> None:
    _prctl("prctl PR_SET_CHILD_SUBREAPER", _SUBREAPER, 1)


def hide_memory() -> None:
    _prctl("prctl PR_SET_DUMPABLE", _DUMPABLE, 0)


def no_new_privileges() -> None:
    _prctl("prctl PR_SET_NO_NEW_PRIVS", _NO_NEW_PRIVS, 1)


def drop_bounding_set() -> None:
    """So that no program can ever get a capability. Needs one: who has none needs no dropping."""
    for capability in range(64):
        try:
            _prctl("prctl PR_CAPBSET_DROP", _CAPBSET_DROP, capability)
        except OSError:  # EINVAL beyond the last one
            break
    _prctl("prctl PR_CAP_AMBIENT", _CAP_AMBIENT, 4)


def drop_capabilities() -> None:
    header = (0x20080522).to_bytes(4, "little") + bytes(4)  # version 3; this process
    if _libc.capset(header, bytes(24)) < 0:
        _raise("capset")


def become(uid: int) -> None:
    """That user and group, with no rights beyond theirs."""
    drop_bounding_set()
    with doing("setresuid"):
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    drop_capabilities()


def close_on_exec() -> None:
    _call("close_range", _CLOSE_RANGE, 3, 0xFFFFFFFF, _CLOSE_RANGE_CLOEXEC)


def default_signals() -> None:
    """Python ignores SIGPIPE and SIGXFSZ, and programs inherit that."""
    for number in (13, 25):
        _libc.signal(number, None)


# --- Landlock and seccomp ---


def landlock_abi() -> int:
    """0 where the kernel has none, or where it is switched off."""
    try:
        return _call("landlock_create_ruleset", _LANDLOCK_CREATE, None, 0, 1)
    except OSError:
        return 0


def landlock_ruleset(filesystem: int, network: int, scope: int) -> int:
    """The kernel takes zeros that it does not know for absent, so the longest form fits every ABI."""
    attributes = b"".join(each.to_bytes(8, "little") for each in (filesystem, network, scope))
    size = len(attributes) if scope else 16 if network else 8
    return _call("landlock_create_ruleset", _LANDLOCK_CREATE, attributes[:size], size, 0)


def landlock_add(ruleset: int, path: int, rights: int) -> None:
    rule = rights.to_bytes(8, "little") + path.to_bytes(4, "little")
    _call("landlock_add_rule", _LANDLOCK_ADD, ruleset, 1, rule, 0)


def landlock_restrict(ruleset: int) -> None:
    _call("landlock_restrict_self", _LANDLOCK_RESTRICT, ruleset, 0)


def seccomp(number: int, program: bytes, flags: int = 0) -> None:
    """*number* is that of seccomp(2) on this machine."""
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: unsigned short, padding, pointer
    header = (len(program) // 8).to_bytes(8, "little") + ctypes.addressof(buffer).to_bytes(8, "little")
    if _call("seccomp", number, 1, flags, header):  # a thread that could not follow
        raise OSError("seccomp does not hold for every thread")
