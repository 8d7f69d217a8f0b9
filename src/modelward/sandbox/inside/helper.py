"""The process between the caller and the command. It does what its order says, step by step, and reports.

It reads one order from descriptor 0 and keeps that open: when the other end closes, because the caller wants the run
to end or is no more, everything ends. Reports go to descriptor 3, which no command inherits. Descriptors 1 and 2
are the command's.
"""

# pathlib takes milliseconds to import
# ruff: noqa: PTH112

from __future__ import annotations

import marshal  # of the caller's own data; nothing else writes to descriptor 0
import os
import resource
import select

from modelward.sandbox.inside import kernel

TYPE_CHECKING = False  # typing itself takes as long as everything else here
if TYPE_CHECKING:
    from typing import Any, NoReturn

    Order = dict[str, Any]

_REPORT = 3
_UID = 65534


def main() -> None:
    caller = os.dup(0)
    order: Order = marshal.loads(_exactly(caller, int.from_bytes(_exactly(caller, 4), "little")))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.setsid()
    os.chdir("/")
    try:
        if os.geteuid() == 0:
            with kernel.doing("setgroups"):
                os.setgroups([])
        child = _contained(order, caller) if order["root"] else _plain(order)
    except OSError as error:
        _fail(error)
    _supervise(child, caller, order["root"] is not None)


def _contained(order: Order, caller: int) -> int:
    from modelward.sandbox.inside import walls

    kernel.unshare(walls.NAMESPACES)
    _report("unshared")
    if not os.read(caller, 1):  # the caller maps the user ids: only from outside can there be more than one
        os._exit(1)
    child = os.fork()
    if child == 0:
        _first_process(order)
    return child


def _first_process(order: Order) -> NoReturn:
    from modelward.sandbox.inside import walls

    try:
        kernel.die_with_parent()
        walls.raise_walls(order["root"])
        walls.name_host()
        walls.be_nobody(_UID)
        kernel.die_with_parent()  # forgotten with the old user
    except OSError as error:
        _fail(error)
    child = os.fork()
    if child == 0:
        _command(order)
    while True:
        ended, status = os.wait()
        if ended == child:
            _report_end(status)
            os._exit(0)


def _plain(order: Order) -> int:
    kernel.adopt_orphans()
    child = os.fork()
    if child == 0:
        _without_namespaces(order)
    return child


def _without_namespaces(order: Order) -> NoReturn:
    try:
        kernel.die_with_parent()
        if order["uid"] is not None:
            kernel.become(order["uid"])
            kernel.die_with_parent()  # forgotten with the old user
        kernel.no_new_privileges()
    except OSError as error:
        _fail(error)
    _command(order)


def _command(order: Order) -> NoReturn:
    """Becomes the command."""
    try:
        for limit, *both in order["rlimits"]:
            hard = resource.getrlimit(limit)[1]
            soft, most = both if hard == resource.RLIM_INFINITY else (min(each, hard) for each in both)
            with kernel.doing(f"setrlimit {limit}"):
                resource.setrlimit(limit, (soft, most))
        os.umask(0o022)
        os.chdir(order["folder"])
        kernel.close_on_exec()
        kernel.default_signals()
        if order["handed"]:
            descriptor = os.memfd_create("seccomp", 0)
            os.write(descriptor, order["handed"])
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.dup2(descriptor, 9)
        if order["landlock"]:
            _landlock(order["landlock"])
        if order["filter"]:
            kernel.seccomp(*order["filter"])
    except OSError as error:
        _fail(error)
    _report("started")  # from here on, what happens is the command's doing
    try:
        os.execve(order["program"], order["argv"], order["environment"])
    except OSError as error:
        _report(f"unstarted {error.errno} {error.strerror}")
    os._exit(126)


def _landlock(rules: dict[str, Any]) -> None:
    abi = kernel.landlock_abi()
    _report(f"landlock {abi}")
    handled = rules["handled"][min(abi, len(rules["handled"])) - 1]
    tcp, scope = ((value if abi >= since else 0) for since, value in (rules["tcp"], rules["scope"]))
    ruleset = kernel.landlock_ruleset(handled, tcp, scope)
    for path, rights in rules["paths"]:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        fit = handled if os.path.isdir(path) else handled & rules["files"]
        kernel.landlock_add(ruleset, place, rights & fit)
        os.close(place)
    kernel.landlock_restrict(ruleset)
    os.close(ruleset)


def _supervise(child: int, caller: int, contained: bool) -> NoReturn:
    """Waits for the child, or for the caller to go; then ends whatever is left."""
    watched = select.poll()
    watched.register(caller, 0)  # POLLHUP alone
    watched.register(os.pidfd_open(child), select.POLLIN)
    status = None
    while status is None and not any(event & select.POLLHUP for _, event in watched.poll(100)):
        status = _reap(child)
    if contained:
        if status is None:
            os.kill(child, 9)
            os.waitpid(child, 0)  # returns when all processes of its namespace are gone
        elif status:
            _report("failed the first process of the namespace was killed")
    else:
        _end_descendants()
        if status is not None:
            _report_end(status)
    os._exit(0)


def _reap(child: int) -> int | None:
    """Collects what has ended. The status of *child*, if it is among them."""
    found = None
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if ended == 0:
            return found
        if ended == child:
            found = status


def _end_descendants() -> None:
    """Orphans become children of this process, so none is missed; what is started meanwhile is seen the next time."""
    while True:
        for process in _descendants():
            try:
                os.kill(process, 9)
            except (ProcessLookupError, PermissionError):
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


def _descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(name))
    found = children.get(os.getpid(), [])
    for process in found:  # grows while it is walked
        found += children.get(process, [])
    return found


def _exactly(descriptor: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(descriptor, size - len(data))
        if not piece:
            os._exit(1)
        data += piece
    return data


def _report(line: str) -> None:
    os.write(_REPORT, line.encode("utf-8", "surrogateescape") + b"\n")


def _report_end(status: int) -> None:
    code = os.waitstatus_to_exitcode(status)
    _report(f"exited {code}" if code >= 0 else f"signalled {-code}")


def _fail(error: OSError) -> NoReturn:
    what = f"{error.filename}: " if error.filename else ""
    _report(f"failed {what}{error.strerror}".replace("\n", " "))
    os._exit(1)
