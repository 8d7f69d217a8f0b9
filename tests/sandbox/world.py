"""What lies outside of a sandbox in these tests, and what became of it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
USER = 61_183  # an ordinary user, whom nobody else is
TARGETS = (
    "write_file", "truncate_file", "change_mode", "change_mode_by_fchmodat2", "change_times", "change_attribute",
    "rename_away", "remove_file",
)  # fmt: skip
VICTIMS = ("stop_other", "stop_other_by_queue", "stop_other_by_descriptor")


def everybodys_python() -> str:
    """An interpreter that an ordinary user can execute too."""
    candidates = [os.path.realpath(sys.executable), "/usr/bin/python3"]
    for path in candidates:
        if all(folder.stat().st_mode & 0o001 for folder in [Path(path), *Path(path).parents] if folder.exists()):
            return path
    return sys.executable


PYTHON = everybodys_python()


class World:
    """Files, listeners and processes outside. `reached` tells which attempts got through."""

    def __init__(self, folder: Path, uid: int, stack: ExitStack) -> None:
        self.folder, self.uid = folder, uid
        self.token = secrets.token_hex(8)
        self._stack = stack
        self.given = folder / "given"
        self.outside = folder / "outside"
        for made in (self.given, self.outside):
            made.mkdir()
        self.facts: dict[str, Any] = {
            "secret": self._file("secret", self.token),
            "folder": str(self.outside),
            "targets": {name: self._file(f"target-{name}", "as it was") for name in TARGETS},
            "input": self._file("input", "as it was", self.given),
            "input_mode": self._file("input-mode", "as it was", self.given),
            "input_deleted": self._file("input-deleted", "as it was", self.given),
            "wide": True,
        }
        self._listen()
        self._pipe()
        self._start_victims()
        shared = Path("/dev/shm") / f"modelward-test-{self.token}"
        shared.write_text("as it was")
        stack.callback(shared.unlink)
        self.shared = shared
        self.facts["shared_memory"] = str(shared)
        shutil.copy(HERE / "attempts.py", self.given)
        for path in (folder, *folder.rglob("*"), shared):
            os.chown(path, uid, uid)

    def _file(self, name: str, text: str, folder: Path | None = None) -> str:
        path = (folder or self.outside) / name
        path.write_text(text)
        path.chmod(0o644)
        return str(path)

    def _listen(self) -> None:
        self.sockets: dict[str, socket.socket] = {}
        places: dict[str, tuple[int, int, Any]] = {
            "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "unix_stream": (socket.AF_UNIX, socket.SOCK_STREAM, str(self.outside / "stream")),
            "unix_datagram": (socket.AF_UNIX, socket.SOCK_DGRAM, str(self.outside / "datagram")),
            "unix_in_input": (socket.AF_UNIX, socket.SOCK_DGRAM, str(self.given / "datagram")),
            "unix_abstract": (socket.AF_UNIX, socket.SOCK_DGRAM, f"\0modelward-test-{self.token}"),
        }
        for name, (family, kind, address) in places.items():
            here = self._stack.enter_context(socket.socket(family, kind))
            here.bind(address)
            if kind == socket.SOCK_STREAM:
                here.listen()
            here.setblocking(False)
            self.sockets[name] = here
            self.facts[name] = here.getsockname()[1] if family == socket.AF_INET else address.lstrip("\0")

    def _pipe(self) -> None:
        path = self.given / "pipe"
        os.mkfifo(path)
        self.pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._stack.callback(os.close, self.pipe)
        self.facts["pipe_in_input"] = str(path)

    def _start_victims(self) -> None:
        self.victims = {}
        for name in ("victim", *VICTIMS):
            process = subprocess.Popen(
                ["sleep", "60"], env={"VICTIM": self.token}, **_as_user(self.uid), start_new_session=True
            )
            self._stack.callback(_end, process)
            self.victims[name] = process
        self.facts["victim"] = self.victims["victim"].pid
        self.facts["victims"] = {name: self.victims[name].pid for name in VICTIMS}

    def words(self) -> list[str]:
        return [PYTHON, "-I", "-S", str(self.given / "attempts.py"), json.dumps(self.facts)]

    def reached(self, said: dict[str, str | None]) -> set[str]:
        """The attempts that got through, by what is found here, or by what they could only say if they had."""
        found = {name for name, proof in said.items() if proof and self._proves(name, proof)}
        found |= self._heard() | self._changed()
        return found

    def _proves(self, name: str, proof: str) -> bool:
        if name in ("inherited", "environment", "read_environment_of_other") or name.startswith(
            ("read_", "map_", "hard_")
        ):
            expected = {"read_command_of_other": "sleep", "read_memory_of_other": "\x7fELF"}.get(name, self.token)
            return expected in proof
        if name == "list_folder":
            return "secret" in proof
        if name == "see_processes":
            return str(self.facts["victim"]) in proof.split()
        if name == "host_name":
            return proof == socket.gethostname()
        return True

    def _heard(self) -> set[str]:
        heard = b""
        for name, here in self.sockets.items():
            try:
                if name in ("tcp", "unix_stream"):
                    with here.accept()[0] as there:
                        there.settimeout(1)
                        heard += there.recv(100) + b"\n"
                else:
                    while True:
                        heard += here.recv(100) + b"\n"
            except BlockingIOError:
                continue
        with suppress(BlockingIOError):
            heard += os.read(self.pipe, 100)
        names = ("tcp", "udp", "unix_stream", "unix_in_input", "unix_abstract", "write_pipe_in_input",
                 "unix_datagram", "unix_datagram_by_pair")  # fmt: skip
        lines = heard.decode("latin-1").splitlines()
        return {name for name in names if name in lines} | ({"dns"} if b"invalid" in heard else set())

    def _changed(self) -> set[str]:
        found = set()
        for name in TARGETS:
            path = Path(self.facts["targets"][name])
            if not path.exists() or path.read_text() != "as it was" or _altered(path):
                found.add(name)
        made = {"created": "create_beside", "made-folder": "make_folder", "made-pipe": "make_pipe_outside",
                "made-link": "make_link_outside"}  # fmt: skip
        found |= {name for path, name in made.items() if os.path.lexists(self.outside / path)}
        if Path(self.facts["input"]).read_text() != "as it was":
            found.add("change_input")
        if Path(self.facts["input_mode"]).stat().st_mode & 0o777 != 0o644:
            found.add("change_mode_of_input")
        if not Path(self.facts["input_deleted"]).exists():
            found.add("delete_input")
        if self.shared.read_text() != "as it was":
            found.add("write_shared_memory")
        return found | self._hurt()

    def _hurt(self) -> set[str]:
        found = {name for name in VICTIMS if self.victims[name].poll() is not None}
        victim = self.facts["victim"]
        if "Max open files            16 " in Path(f"/proc/{victim}/limits").read_text():
            found.add("limit_other")
        if os.getpriority(os.PRIO_PROCESS, victim) == 19:
            found.add("slow_other")
        return found


def _altered(path: Path) -> bool:
    status = path.stat()
    return status.st_mode & 0o777 != 0o644 or status.st_mtime == 1 or "user.changed" in os.listxattr(path)


@contextmanager
def world(uid: int) -> Iterator[World]:
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="modelward-test-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder)
        folder.chmod(0o755)
        yield World(folder, uid, stack)


def _as_user(uid: int) -> dict[str, Any]:
    return {} if uid == os.geteuid() else {"user": uid, "group": uid, "extra_groups": []}


def _end(process: subprocess.Popen[Any]) -> None:
    process.kill()
    process.wait()


def bare(here: World) -> dict[str, str | None]:
    """The attempts without a sandbox; as the same user."""
    return dict(json.loads(_finish(start(here, here.words()))))


def drive(here: World, argv: list[str], **asked: Any) -> dict[str, Any]:
    """What came of a plan, carried out by the world's user. *asked* is what `order` takes."""
    path = asked.pop("path", "/nonexistent")
    outcome: dict[str, Any] = json.loads(_finish(start(here, order(here, argv, **asked), path)))
    if "error" in outcome and not asked.get("refused") and os.environ.get("MODELWARD_PEERS") != "required":
        pytest.skip(f"not possible here: {outcome['error']}")
    return outcome


def order(
    here: World,
    argv: list[str],
    *,
    require: str = "FULL",
    profile: str = "run",
    refused: dict[str, int] | None = None,
    limits: dict[str, float] | None = None,
    inputs: tuple[str, ...] = (),
) -> list[str]:
    """The driver with a plan."""
    asked = {
        "source": str(SOURCE), "argv": argv, "output": str(here.folder / "output"),
        "inputs": [str(here.given), *inputs], "profile": profile, "require": require, "refused": refused or {},
        "limits": {"wall": 30} | (limits or {}),
    }  # fmt: skip
    return [PYTHON, "-I", "-S", "-B", str(HERE / "driver.py"), json.dumps(asked)]


def start(here: World, words: list[str], path: str = "/nonexistent") -> subprocess.Popen[str]:
    """As the world's user, with a secret in the environment and one behind a descriptor."""
    secret = os.open(here.facts["secret"], os.O_RDONLY)
    folder = here.folder / "bare"
    folder.mkdir(exist_ok=True)
    os.chown(folder, here.uid, here.uid)
    try:
        return subprocess.Popen(
            words, cwd=folder, env={"SECRET_OF_TEST": here.token, "PATH": path, "TMPDIR": str(here.folder)},
            pass_fds=[secret], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            **_as_user(here.uid),
        )  # fmt: skip
    finally:
        os.close(secret)


def _finish(process: subprocess.Popen[str]) -> str:
    with process:
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output
