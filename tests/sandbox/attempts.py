"""Harmless attempts to get out, run as `python attempts.py WORLD` inside a sandbox and outside of it.

WORLD is a JSON text that names what lies outside. Each attempt returns what proves that it got through, if it can
tell; what it does to the outside is judged there. Prints one JSON object: name -> proof, or null.
"""

# what is meant is the system call
# ruff: noqa: PTH101, PTH102, PTH104, PTH108, PTH116, PTH118, PTH120, PTH211
from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import mmap
import os
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

World = dict[str, Any]
ATTEMPTS: dict[str, Callable[[World], str | None]] = {}
LIBC = ctypes.CDLL(None, use_errno=True)


def attempt(function: Callable[[World], str | None]) -> Callable[[World], str | None]:
    ATTEMPTS[function.__name__] = function
    return function


def call(number: int, *arguments: object) -> int:
    made = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result = int(LIBC.syscall(ctypes.c_long(number), *made))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


# --- network ---


@attempt
def tcp(world: World) -> None:
    with socket.create_connection(("127.0.0.1", world["tcp"]), 1) as there:
        there.sendall(b"tcp")


@attempt
def udp(world: World) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.sendto(b"udp", ("127.0.0.1", world["udp"]))


@attempt
def dns(world: World) -> None:
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06secret\x07invalid\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.connect(("127.0.0.1", world["udp"]))
        here.send(query + b"dns")


@attempt
def unix_stream(world: World) -> None:
    with socket.socket(socket.AF_UNIX) as here:
        here.connect(world["unix_stream"])
        here.sendall(b"unix_stream")


@attempt
def unix_datagram(world: World) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here:
        here.sendto(b"unix_datagram", world["unix_datagram"])


@attempt
def unix_datagram_by_pair(world: World) -> None:
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.sendto(b"unix_datagram_by_pair", world["unix_datagram"])


@attempt
def unix_in_input(world: World) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here:
        here.sendto(b"unix_in_input", world["unix_in_input"])


@attempt
def unix_abstract(world: World) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here:
        here.sendto(b"unix_abstract", "\0" + world["unix_abstract"])


def family(name: str, number: int, kind: int, protocol: int = 0) -> None:
    def tried(world: World) -> str:
        socket.socket(number, kind, protocol).close()
        return "made"

    tried.__name__ = f"family_{name}"
    attempt(tried)


family("netlink", 16, socket.SOCK_RAW)
family("packet", 17, socket.SOCK_RAW)
family("vsock", 40, socket.SOCK_STREAM)
family("alg", 38, socket.SOCK_SEQPACKET)
family("raw", 2, socket.SOCK_RAW, 1)
family("key", 15, socket.SOCK_RAW, 2)
family("xdp", 44, socket.SOCK_RAW)


# --- files ---


def read(path: str) -> str:
    return Path(path).read_text()


@attempt
def read_open(world: World) -> str:
    return read(world["secret"])


@attempt
def read_openat2(world: World) -> str:
    number = call(437, -100, os.fsencode(world["secret"]), bytes(24), 24)
    return os.read(number, 100).decode()


@attempt
def read_by_link(world: World) -> str:
    os.symlink(world["secret"], "link-to-secret")
    return read("link-to-secret")


@attempt
def read_by_root_of_process(world: World) -> str:
    return read(f"/proc/{world['victim']}/root{world['secret']}")


@attempt
def read_by_own_root(world: World) -> str:
    return read(f"/proc/self/root{world['secret']}")


@attempt
def read_upwards(world: World) -> str:
    return read("../" * 30 + world["secret"][1:])


@attempt
def map_file(world: World) -> str:
    with open(world["secret"], "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        return mapped[:].decode()


@attempt
def list_folder(world: World) -> str:
    return " ".join(os.listdir(os.path.dirname(world["secret"])))


@attempt
def ask_metadata(world: World) -> str:
    return str(os.stat(world["secret"]).st_size)


@attempt
def hard_link(world: World) -> str:
    os.link(world["secret"], "hard-link")
    return read("hard-link")


@attempt
def write_file(world: World) -> None:
    Path(world["targets"]["write_file"]).write_text("changed")


@attempt
def truncate_file(world: World) -> None:
    os.truncate(world["targets"]["truncate_file"], 0)


@attempt
def change_mode(world: World) -> None:
    os.chmod(world["targets"]["change_mode"], 0o777)


@attempt
def change_mode_by_fchmodat2(world: World) -> None:
    call(452, -100, os.fsencode(world["targets"]["change_mode_by_fchmodat2"]), 0o777, 0)


@attempt
def change_times(world: World) -> None:
    os.utime(world["targets"]["change_times"], (1, 1))


@attempt
def change_attribute(world: World) -> None:
    os.setxattr(world["targets"]["change_attribute"], "user.changed", b"1")


@attempt
def rename_away(world: World) -> None:
    os.rename(world["targets"]["rename_away"], world["targets"]["rename_away"] + "-renamed")


@attempt
def remove_file(world: World) -> None:
    os.unlink(world["targets"]["remove_file"])


@attempt
def create_beside(world: World) -> None:
    Path(world["folder"], "created").write_text("created")


@attempt
def make_folder(world: World) -> None:
    os.mkdir(os.path.join(world["folder"], "made-folder"))


@attempt
def make_pipe_outside(world: World) -> None:
    os.mkfifo(os.path.join(world["folder"], "made-pipe"))


@attempt
def make_link_outside(world: World) -> None:
    os.symlink("/", os.path.join(world["folder"], "made-link"))


@attempt
def change_input(world: World) -> None:
    with open(world["input"], "a") as file:
        file.write("changed")


@attempt
def change_mode_of_input(world: World) -> None:
    with open(world["input_mode"]) as file:
        os.fchmod(file.fileno(), 0o777)


@attempt
def delete_input(world: World) -> None:
    os.unlink(world["input_deleted"])


@attempt
def write_shared_memory(world: World) -> None:
    with open(world["shared_memory"], "a") as file:
        file.write("changed")


@attempt
def write_pipe_in_input(world: World) -> None:
    pipe = os.open(world["pipe_in_input"], os.O_WRONLY | os.O_NONBLOCK)
    os.write(pipe, b"write_pipe_in_input")


# --- /proc and other processes ---


@attempt
def read_environment_of_other(world: World) -> str:
    return Path(f"/proc/{world['victim']}/environ").read_bytes().decode()


@attempt
def read_command_of_other(world: World) -> str:
    return Path(f"/proc/{world['victim']}/cmdline").read_bytes().decode()


@attempt
def stop_other(world: World) -> None:
    os.kill(world["victims"]["stop_other"], 9)


@attempt
def stop_other_by_queue(world: World) -> None:
    information = (9).to_bytes(4, "little") + bytes(4) + (-1 & 0xFFFFFFFF).to_bytes(4, "little") + bytes(116)
    call(129, world["victims"]["stop_other_by_queue"], 9, information)


@attempt
def stop_other_by_descriptor(world: World) -> None:
    import signal

    signal.pidfd_send_signal(os.pidfd_open(world["victims"]["stop_other_by_descriptor"]), signal.SIGKILL)


@attempt
def trace_other(world: World) -> str:
    call(101, 16, world["victim"], 0, 0)  # PTRACE_ATTACH
    os.waitpid(world["victim"], 0x40000000)
    call(101, 17, world["victim"], 0, 0)
    return "attached"


@attempt
def read_memory_of_other(world: World) -> str:
    line = Path(f"/proc/{world['victim']}/maps").read_text().splitlines()[0]
    start = int(line.partition("-")[0], 16)
    here = ctypes.create_string_buffer(4)
    local = (ctypes.addressof(here)).to_bytes(8, "little") + (4).to_bytes(8, "little")
    remote = start.to_bytes(8, "little") + (4).to_bytes(8, "little")
    call(310, world["victim"], local, 1, remote, 1, 0)
    return here.raw.decode("latin-1")


@attempt
def limit_other(world: World) -> None:
    resource.prlimit(world["victim"], resource.RLIMIT_NOFILE, (16, 16))


@attempt
def slow_other(world: World) -> None:
    os.setpriority(os.PRIO_PROCESS, world["victim"], 19)


@attempt
def see_processes(world: World) -> str:
    return " ".join(filter(str.isdigit, os.listdir("/proc")))


# --- the kernel ---


@attempt
def new_namespace(world: World) -> str:
    child = os.fork()
    if child == 0:
        os._exit(int(LIBC.unshare(0x10000000)) & 1)
    if os.waitpid(child, 0)[1]:
        raise OSError("refused")
    return "unshared"


@attempt
def new_namespace_by_clone(world: World) -> str:
    child = call(56, 0x10000000 | 17, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "cloned"


@attempt
def io_uring(world: World) -> str:
    os.close(call(425, 2, ctypes.create_string_buffer(120)))
    return "made"


@attempt
def keyring(world: World) -> str:
    return str(call(248, b"user", b"modelward-test", b"1", 1, -1))  # the thread's own keyring


@attempt
def userfaultfd(world: World) -> str:
    os.close(call(323, 1))
    return "made"


@attempt
def anonymous_file(world: World) -> str:
    os.close(os.memfd_create("test"))
    return "made"


@attempt
def message_queue(world: World) -> str:
    queue = call(68, 0, 0o600 | 0o1000)
    call(71, queue, 0, 0)
    return "made"


@attempt
def foreign_call(world: World) -> str:
    """getpid of the x32 ABI ends a process of the sandbox; so it is made by another."""
    child = os.fork()
    if child == 0:
        try:
            call(0x40000000 + 39)
        except OSError as error:
            os._exit(0 if error.errno == errno.ENOSYS else 1)  # a kernel without x32 was reached all the same
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise OSError("ended")
    return "reached"


@attempt
def terminal_words(world: World) -> str:
    """TIOCSTI to a terminal of its own; what counts is that the request is not refused as such (EPERM)."""
    try:
        fcntl.ioctl(0, 0x5412 | 0x1_0000_0000 if world["wide"] else 0x5412, b"x")
    except OSError as error:
        if error.errno != errno.ENOTTY:
            raise
    return "passed on"


def device(name: str) -> None:
    def tried(world: World) -> str:
        os.close(os.open(f"/dev/{name}", os.O_RDONLY | os.O_NONBLOCK))
        return "opened"

    tried.__name__ = f"device_{name}"
    attempt(tried)


device("kmsg")
device("mem")
device("ptmx")


@attempt
def controlling_terminal(world: World) -> str:
    os.close(os.open("/dev/tty", os.O_RDWR))
    return "opened"


# --- what is left lying about ---


@attempt
def environment(world: World) -> str | None:
    return os.environ.get("SECRET_OF_TEST")


@attempt
def inherited(world: World) -> str:
    found = []
    for number in range(3, 64):
        try:
            found.append(os.pread(number, 100, 0).decode("latin-1"))
        except OSError:
            continue
    return " ".join(found)


@attempt
def host_name(world: World) -> str:
    return socket.gethostname()


def main() -> None:
    world = json.loads(sys.argv[1])
    said = {}
    for name, tried in ATTEMPTS.items():
        try:
            said[name] = tried(world)
        except (OSError, ValueError):
            said[name] = None
    print(json.dumps(said))


if __name__ == "__main__":
    main()
