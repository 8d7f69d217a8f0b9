"""What a lock is written to, and what `pin` says of something that was pinned before."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.hub import COMMIT, REPO, File, Hub, git_blob, lies, serving
from tests.stores.server import Reply

from modelward.app.locking import LockFile
from modelward.app.pinning import Asked, pin
from modelward.checks.pins.lock import Entry, WebSource
from modelward.core.content import Content
from modelward.core.errors import ReadError, UsageError
from modelward.core.pinning import Fates

hub = pytest.fixture(serving)

LOCK = "modelward.lock"


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, hub: Hub, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    monkeypatch.chdir(tmp_path)
    hub.add("config.json", b"{}")
    hub.add("model.safetensors", b"weights", large=True)


def pinned(target: str = f"hf://{REPO}", exclude: tuple[str, ...] = (), lock: str = LOCK) -> Fates:
    return pin([Asked(target, "", exclude)], lock, None, lambda: None)


CHANGES: dict[str, tuple[Callable[[Hub], object], str]] = {
    "force-pushed": (lambda hub: lies.force_push(hub, "config.json", b"[]"), "is not in its history"),
    "registered anew": (lambda hub: lies.register_anew(hub, "config.json", b"[]"), "another repository"),
    "other bytes, same commit": (lambda hub: hub.add("config.json", b"[]"), "'config.json' was sha256:"),
    "other weights, same commit": (
        lambda hub: hub.add("model.safetensors", b"WEIGHTS", large=True), "'model.safetensors' was sha256:",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_no_commit_makes_is_told_when_pinned_anew(hub: Hub, change: str) -> None:
    assert pinned().exit_code == 0
    act, said = CHANGES[change]
    act(hub)
    done = pinned()
    assert (done.entries[0].state, done.exit_code) == ("doubtful", 1)
    assert any(said in detail for detail in done.entries[0].details), done.entries[0].details
    assert pinned().entries[0].state == "unchanged"


def test_an_ordinary_commit_or_another_revision_is_no_doubt(hub: Hub) -> None:
    pinned()
    lies.move(hub, "config.json", b"[]")
    done = pinned()
    assert done.exit_code == 0
    assert any("main is commit" in detail for detail in done.entries[0].details)
    assert pinned(f"hf://{REPO}@{COMMIT}").exit_code == 0
    assert pinned(exclude=("*.safetensors",)).exit_code == 0
    assert pinned().exit_code == 0


def test_a_history_that_nobody_tells_is_said(hub: Hub) -> None:
    pinned()
    lies.move(hub, "config.json", b"[]")
    hub.server.lie = lies.answers(lambda asked, reply: Reply(500), to="/commits/")
    assert any("is not known" in detail for detail in pinned().entries[0].details)


def test_a_sha1_alone_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelward.app.pinning._SMALL", 1)
    done = pinned()
    assert (done.entries[0].state, done.exit_code) == ("doubtful", 1)
    (entry,) = LockFile.read(LOCK).lock.entries
    assert entry.files["config.json"] == Content(2, "", git_blob(b"{}"))


@pytest.mark.parametrize(
    ("target", "exclude", "why"),
    [
        (f"hf://{REPO}/absent.bin", (), "there is no such file"),
        (f"hf://{REPO}", ("*",), "--exclude leaves no file"),
        ("hf://org/empty", (), "there are no files to pin"),
    ],
)
def test_nothing_to_pin(hub: Hub, target: str, exclude: tuple[str, ...], why: str) -> None:
    hub.make("models", "org/empty")
    with pytest.raises(ReadError, match=why):
        pinned(target, exclude)
    assert not Path(LOCK).exists()


def test_what_is_no_file_is_never_replaced_by_a_lock() -> None:
    """A device, too, if root pins into /dev/null."""
    os.mkfifo("pipe")
    Path("folder").mkdir()
    Path("around").symlink_to("around")
    Path("to-pipe").symlink_to("pipe")
    for name in ("pipe", "folder", "around", "to-pipe"):
        with pytest.raises(UsageError, match="is no regular file"):
            pinned(lock=name)
    assert Path("pipe").is_fifo()


def test_a_link_to_a_lock_stays_one() -> None:
    Path("real").mkdir()
    Path(LOCK).symlink_to("real/it.lock")
    pinned()
    assert Path(LOCK).is_symlink()
    assert Path("real/it.lock").read_bytes().count(b"[[pin]]") == 1


def test_a_name_that_another_process_takes_meanwhile_is_not_lost() -> None:
    """Both looked before either wrote."""
    mine = LockFile.read(LOCK)
    first, second = (Entry("m", WebSource(f"https://example.org/{n}"), {"": Content(n, "0" * 64)}) for n in (1, 2))
    LockFile.read(LOCK).add([first], lambda: None)
    with pytest.raises(UsageError, match="give this one another --name"):
        mine.add([second], lambda: None)
    assert LockFile.read(LOCK).lock.entries == (first,)


def test_a_long_name_is_shortened_in_the_error(hub: Hub) -> None:
    hub.files["x" * 5000] = File.of(b"x", large=True)
    with pytest.raises(ReadError) as error:
        pinned()
    assert "more than 2,048 bytes" in str(error.value)
    assert len(str(error.value)) < 400
