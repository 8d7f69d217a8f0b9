"""Files of one repository are read at the same time, and what comes out does not show it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Event, Lock, active_count
from typing import Any

import pytest
from tests.cli.process import environment
from tests.hub import REPO, Hub
from tests.hub import serving as hub_serving
from tests.stores.server import Asked, Reply

from modelward import app
from modelward.app import remote
from modelward.checks.scan.partial import examine_parts
from modelward.report import machine

EVIL = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."

hub = pytest.fixture(hub_serving)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)


class Busy:
    """How many are at something at the same time."""

    def __init__(self) -> None:
        self._lock, self.now, self.most = Lock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self.now -= 1


def test_a_few_at_a_time_and_one_result(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(30):
        hub.add(f"{n:02}.pkl", EVIL if n % 7 == 0 else b'{"n": %d}' % n, large=n % 2 == 0)
    busy = Busy()

    def slow(asked: Asked, reply: Reply) -> Reply:
        with busy:
            time.sleep(0.02 * (hash(asked.path) % 3) if "resolve" in asked.path else 0)
        return reply

    hub.server.lie = slow
    asked: list[tuple[int, int, str]] = []
    result = app.scan(f"hf://{REPO}", progress=lambda *args: asked.append(args), exclude=["13.pkl"])
    assert 2 <= busy.most <= 4
    monkeypatch.setattr(remote, "_CONNECTIONS", 1)
    alone = app.scan(f"hf://{REPO}", exclude=["13.pkl"])
    assert machine.render([result]) == machine.render([alone])
    assert [done for done, *_ in asked] == list(range(29))
    assert [path for *_, path in asked] == [f"{n:02}.pkl" for n in range(30) if n != 13]
    assert result.excluded == ("13.pkl",)


def test_much_is_in_memory_of_one_at_a_time(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(6):
        hub.add(f"{n}.txt", b"words " * 400_000)
    busy = Busy()

    def watched(parts: Any, fetch: Any, limits: Any) -> Any:
        def fetched(start: int, end: int) -> bytes | bytearray:
            content: bytes | bytearray = fetch(start, end)
            with busy:
                time.sleep(0.01)
            return content

        return examine_parts(parts, fetched, limits)

    monkeypatch.setattr(remote, "examine_parts", watched)
    assert len(app.scan(f"hf://{REPO}").digests) == 6
    assert busy.most == 1


def test_a_defect_ends_the_run_and_what_was_not_begun(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(50):
        hub.add(f"{n:02}.pkl", EVIL)
    read: list[str] = []

    def broken(web: Any, limits: Any, alone: Any, job: Any) -> Any:
        read.append(job.path)
        time.sleep(0.01)
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(remote, "_read", broken)
    with pytest.raises(ZeroDivisionError):
        app.scan(f"hf://{REPO}")
    end = time.monotonic() + 5
    while active_count() > 5 and time.monotonic() < end:
        time.sleep(0.01)
    assert len(read) <= 8


@pytest.fixture
def stuck(hub: Hub) -> Iterator[Event]:
    """The server says nothing more of any file."""
    asked, over = Event(), Event()

    def wait(request: Asked, reply: Reply) -> Reply:
        if "resolve" in request.path:
            asked.set()
            over.wait(20)
        return reply

    hub.server.lie = wait
    try:
        yield asked
    finally:
        over.set()


def test_a_ctrl_c_waits_for_no_server(hub: Hub, stuck: Event) -> None:
    for n in range(9):
        hub.add(f"{n}.pkl", EVIL)
    command = [sys.executable, "-m", "modelward", "scan", f"hf://{REPO}"]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert stuck.wait(20)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=15) == (b"", b"interrupted\n")
    assert process.returncode == 130
    assert time.monotonic() - began < 5
