"""`pin` and `fetch`, killed before any call that changes what is on the disk, and in the middle of any write.

The calls are ended, all at once and for good: what a dead process would have tidied up stays as it is.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.hub import COMMIT, REPO, Hub, lies, serving

from modelward.cli.commands import run
from modelward.stores.fetch import PARTS

hub = pytest.fixture(serving)

PINNED = {"config.json": b'{"a": 1}', "sub/model.safetensors": b"weights" * 10}
CHANGES = ("ftruncate", "link", "mkdir", "pwrite", "remove", "rename", "replace", "rmdir", "symlink", "unlink")


class Killed(BaseException):
    pass


class Life:
    """Of a process that can make *left* changes."""

    def __init__(self, left: int) -> None:
        self.left = left

    @property
    def is_over(self) -> bool:
        return self.left < 0

    def change(self, real: Callable[..., Any], *args: Any, **how: Any) -> Any:
        self.left -= 1
        if self.is_over:
            if self.left == -1 and real.__name__ == "pwrite":
                real(args[0], args[1][: len(args[1]) // 2], args[2])
            raise Killed
        return real(*args, **how)


@contextmanager
def killed_after(changes: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    life = Life(changes)

    def guarded(real: Callable[..., Any], makes: Callable[..., bool]) -> Callable[..., Any]:
        def call(*args: Any, **how: Any) -> Any:
            return life.change(real, *args, **how) if makes(*args) else real(*args, **how)

        return call

    with monkeypatch.context() as patched:
        for name in CHANGES:
            patched.setattr(os, name, guarded(getattr(os, name), lambda *args: True))
        patched.setattr(os, "open", guarded(os.open, lambda path, flags, *more: bool(flags & os.O_CREAT)))
        patched.setattr(io, "open", guarded(io.open, lambda path, mode="r", *more: mode[0] in "wxa"))
        try:
            yield life
        except Killed:
            assert life.is_over


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr("modelward.app.fetching._CONNECTIONS", 1)  # else the threads of the dead go on
    monkeypatch.chdir(tmp_path)
    for path, data in PINNED.items():
        hub.add(path, data, large="safetensors" in path)
    assert run(["pin", f"hf://{REPO}"]) == 0


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_pin(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = Path("modelward.lock")
    before = lock.read_bytes()
    lies.move(hub, "config.json", b"[]")
    for changes in range(9):
        with killed_after(changes, monkeypatch) as life:
            run(["pin", f"hf://{REPO}"])
        if not life.is_over:
            break
        assert lock.read_bytes() == before
    assert changes == 3
    assert lock.read_bytes() != before
    assert run(["pin", "--check"]) == 0


def test_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    for changes in range(99):
        out = Path(f"out{changes}")
        with killed_after(changes, monkeypatch) as life:
            run(["fetch", "--output", str(out)])
        assert files_in(out / REPO).items() <= PINNED.items()
        if not life.is_over:
            break
        assert run(["fetch", "--output", str(out)]) == 0
        assert files_in(out / REPO) == PINNED
        assert not (out / PARTS).exists()
    assert changes > 10


def test_fetch_into_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is offline takes what it finds of a snapshot for all there is."""
    for changes in range(99):
        cache = Path(f"cache{changes}")
        command = ["fetch", "--layout", "hf-cache", "--output", str(cache)]
        with killed_after(changes, monkeypatch) as life:
            run(command)
        snapshot = cache / "models--org--model/snapshots" / COMMIT
        assert files_in(snapshot) in (({}, PINNED) if life.is_over else (PINNED,))
        if not life.is_over:
            break
        assert run(command) == 0
        assert files_in(snapshot) == PINNED
        assert run(["verify-cache", "--cache", str(cache)]) == 0
    assert changes > 10
