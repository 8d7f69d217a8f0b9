"""What a run may use, and what is left of it: bombs of all kinds, stopped or refused, and nobody survives."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.world import PYTHON, USER, drive, order, start, world

MIB = 1 << 20
UID = USER if os.geteuid() == 0 else os.geteuid()
TIERS: dict[str, dict[str, int]] = {"full": {}, "partial": {"unshare": errno.EPERM}}
tiers = pytest.mark.parametrize("tier", TIERS)


def outcome_of(code: str, tier: str, **limits: float) -> tuple[dict[str, Any], int]:
    """What came of it, and how many bytes it left."""
    with world(UID) as here:
        words = [PYTHON, "-I", "-S", "-c", code, here.token]
        outcome = drive(here, words, require=tier.upper(), refused=TIERS[tier], limits=limits)
        assert outcome.get("tier") == tier, outcome
        assert not alive(here.token)
        return outcome, sum(size for _, size in outcome["files"])


def alive(token: str) -> list[int]:
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if token.encode() in words:
            found.append(int(process))
    return found


STOPPED: dict[str, tuple[str, dict[str, float]]] = {
    "wall": ("import signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(30)", {"wall": 0.4}),
    "cpu": ("while True: pass", {"cpu": 1}),
    "memory": (
        "import mmap\nkept = []\nwhile True:\n m = mmap.mmap(-1, 1 << 24)\n m.write(b'x' * (1 << 24))\n kept.append(m)",
        {"memory": 150 * MIB},
    ),
    "printed": ("while True: print('y' * 10000)", {"printed": MIB}),
    "inodes": ("n = 0\nwhile True:\n n += 1\n open(str(n), 'w').close()", {"inodes": 300}),
    "disk": ("n = 0\nwhile True:\n n += 1\n open(str(n), 'wb').write(b'x' * (1 << 18))", {"disk": 20 * MIB}),
}


@tiers
@pytest.mark.parametrize("limit", STOPPED)
def test_who_reaches_a_limit_is_stopped(limit: str, tier: str) -> None:
    code, limits = STOPPED[limit]
    outcome, size = outcome_of(code, tier, **limits)
    assert outcome["ended"] == ["Limited", limit]
    assert size < 1000 * MIB
    assert limit != "inodes" or len(outcome["files"]) <= 300


@tiers
def test_a_hole_and_a_file_without_a_name_count_as_disk(tier: str) -> None:
    holes = "import time\nfor n in range(10): open(str(n), 'wb').truncate(4 << 20)\ntime.sleep(9)"
    nameless = "import os, time\nkept = []\nwhile True:\n kept.append(open('f', 'wb'))\n os.unlink('f')\n " + (
        "kept[-1].write(b'x' * (1 << 20))\n kept[-1].flush()"
    )
    for code in (holes, nameless):
        assert outcome_of(code, tier, disk=20 * MIB)[0]["ended"] == ["Limited", "disk"]


def test_what_cannot_be_counted_is_too_much() -> None:
    """A closed folder that is still worked in, one that became a link to everything, and one that never ends."""
    closed = "import os, time\nos.mkdir('d')\nos.chdir('d')\nos.chmod('.', 0)\ntime.sleep(9)"
    deep = "import os, time\nfor _ in range(200): os.mkdir('d'); os.chdir('d')\ntime.sleep(9)"
    assert outcome_of(closed, "full")[0]["ended"] == ["Limited", "inodes"]
    assert outcome_of(deep, "full")[0]["ended"] == ["Limited", "inodes"]
    link = "import os, time\nos.symlink('/', 'd')\ntime.sleep(0.3)"
    assert outcome_of(link, "full")[0]["ended"] == ["Exited", 0]


@tiers
def test_memory_of_many_processes_is_counted_together(tier: str) -> None:
    code = "import os, time\nfor _ in range(3): os.fork()\nkept = bytearray(30 << 20)\ntime.sleep(9)"
    outcome, _ = outcome_of(code, tier, memory=150 * MIB)
    assert outcome["ended"] == ["Limited", "memory"]


@tiers
def test_processes_are_bounded_and_none_survives(tier: str) -> None:
    code = "import os\nwhile True:\n try: os.fork()\n except OSError: print('no more', flush=True)"
    outcome, _ = outcome_of(code, tier, processes=24, wall=0.7, printed=MIB)
    assert outcome["ended"][0] == "Limited"
    assert "no more" in outcome["stdout"]


@tiers
def test_descriptors_and_single_files_are_bounded(tier: str) -> None:
    code = "import os\ntry:\n while True: os.dup(1)\nexcept OSError as error: print(error.errno)"
    assert outcome_of(code, tier, descriptors=32)[0]["stdout"] == f"{errno.EMFILE}\n"
    code = "try: open('f', 'wb').truncate(1 << 30)\nexcept OSError as error: print(error.errno)"
    assert outcome_of(code, tier, disk=MIB)[0]["stdout"] == f"{errno.EFBIG}\n"


@tiers
def test_daemons_end_with_the_command(tier: str) -> None:
    code = (
        "import os, time, signal\nfor _ in range(3):\n if os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n"
        "   signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n   os.closerange(0, 3)\n   time.sleep(30)\n"
        "  os._exit(0)\ntime.sleep(0.1)"
    )
    outcome, _ = outcome_of(code, tier)
    assert outcome["ended"] == ["Exited", 0]


@tiers
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_all_ends_when_the_caller_is_killed(tier: str, number: int) -> None:
    code = "import os, time\nos.fork()\nos.setsid()\nopen('ready', 'w').close()\ntime.sleep(30)"
    with world(UID) as here:
        words = [PYTHON, "-I", "-S", "-c", code, here.token]
        with start(here, order(here, words, require=tier.upper(), refused=TIERS[tier])) as driver:
            assert soon((here.folder / "output" / "ready").exists)
            driver.send_signal(number)
        assert soon(lambda: not alive(here.token))


@tiers
def test_the_end_cannot_be_forged(tier: str) -> None:
    code = (
        "import glob, os\nfor place in [*map(str, range(3, 64)), *glob.glob('/proc/*/fd/*')]:\n try:\n"
        "  number = int(place) if place.isdigit() else os.open(place, os.O_WRONLY)\n"
        "  if not place.endswith(('/1', '/2')): os.write(number, b'exited 0\\n')\n except OSError: pass\n"
        "print('tried', flush=True)\nos._exit(3)"
    )
    outcome, _ = outcome_of(code, tier)
    assert outcome["ended"] == ["Exited", 3]
    assert outcome["stdout"] == "tried\n"


@tiers
def test_what_is_common_in_programs_works(tier: str) -> None:
    """A child, a temporary file, threads, a pool, and (where there is a namespace of one's own) loopback."""
    code = (
        "import concurrent.futures as f, multiprocessing as m, os, socket, subprocess, tempfile, sys\n"
        "def main():\n"
        " subprocess.run(['/bin/sh', '-c', 'true'], check=True, start_new_session=True)\n"
        " tempfile.TemporaryFile().write(b'x')\n"
        " with f.ThreadPoolExecutor(2) as pool: list(pool.map(abs, range(9)))\n"
        " os.rename(open('a', 'w').name, 'b'); os.mkdir('d'); os.rename('b', 'd/b')\n"
        " one, two = socket.socketpair(); one.send(b'1'); two.recv(1)\n"
        " os.symlink('d', 'link'); os.sched_getaffinity(0); os.cpu_count()\n"
        " if sys.argv[2] == 'full':\n"
        "  for kind, place in ((socket.AF_INET, ('127.0.0.1', 0)), (socket.AF_UNIX, tempfile.gettempdir() + '/s')):\n"
        "   here = socket.socket(kind); here.bind(place); here.listen()\n"
        "   there = socket.socket(kind); there.connect(here.getsockname())\n"
        "  with m.Pool(2) as pool: pool.map(abs, range(9))\n"
        "  m.Process(target=print).start()\n"
        " print('worked')\nmain()"
    )
    with world(UID) as here:
        words = [PYTHON, "-c", code, here.token, tier]
        outcome = drive(here, words, require=tier.upper(), refused=TIERS[tier])
        assert "worked" in outcome["stdout"], outcome["stderr"]
        assert outcome["files"] == [["d/b", 0]]
        assert outcome["left_out"] == {"link": "a link"}


def soon(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()
