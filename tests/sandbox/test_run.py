"""The verb: exit codes, what it says, and what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelward.app.running import _limits
from modelward.cli.commands import run
from modelward.core.errors import UsageError


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where others can go too, as the user must that root is dropped to."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def sh(folder: Path, script: str, *options: str) -> int:
    return run(["run", "--output", str(folder / "out"), *options, "--", "/bin/sh", "-c", script])


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("nosuchprogram", 127), ("sleep 9", 124)]
)
def test_the_exit_code_is_the_commands_own(folder: Path, script: str, code: int) -> None:
    assert sh(folder, script, "--limit", "wall=1") == code


def test_what_it_prints_and_writes_comes_out(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert sh(folder, r"printf 'a\0\377'; echo no >&2; echo made > file; ln -s / link; pwd > where") == 0
    found = capfdbinary.readouterr()
    assert found.out == b"a\0\xff"
    assert found.err.startswith(b"no\n")
    assert b"removed from the output: link: a link" in found.err
    assert sorted(os.listdir(folder / "out")) == ["file", "where"]
    assert (folder / "out" / "where").read_text().strip() == str(folder / "out")


def test_inputs_and_variables_are_given_by_name(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "seen").write_text("one")
    (folder / "unseen").write_text("two")
    script = f"cat {folder}/seen; echo $GIVEN; cat {folder}/unseen"
    assert sh(folder, script, "--input", str(folder / "seen"), "--env", "GIVEN=x=y") == 1
    assert capfd.readouterr().out == "onex=y\n"


def test_programs_that_cannot_be_executed(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "--output", str(folder / "out"), "--", "nosuchprogram"]) == 127
    garbage = folder / "garbage"
    garbage.write_bytes(b"\0\1\2")
    garbage.chmod(0o755)
    assert run(["run", "--output", str(folder / "out"), "--", str(garbage)]) == 126
    assert len(capfd.readouterr().err.splitlines()) == 2


def test_a_relative_file_is_warned_of(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "train.py").write_text("")
    run(["run", "--output", "out", "--", "cat", "train.py"])
    assert f"for the one here write {str(folder / 'train.py')!r}" in capfd.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--limit", "wall=soon"],
        ["--limit", "memory=0"],
        ["--limit", "colour=1"],
        ["--limit", "processes=1G"],
        ["--env", "=x"],
        ["--env", "NOT_SET_ANYWHERE"],
        ["--input", "/nosuch"],
        ["--input", "/"],
        ["--require-tier", "some"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_read_is_a_usage_error(folder: Path, options: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        sh(folder, "true", *options)
    assert caught.value.exit_code == 2
    assert not (folder / "out").exists()


def test_an_output_that_holds_something_is_left_alone(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "mine").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match="not empty"):
        sh(folder, "true")
    assert os.listdir(folder / "out") == ["mine"]
    (folder / "file").touch()
    with pytest.raises(UsageError, match="is not a folder"):
        run(["run", "--output", str(folder / "file"), "--", "true"])


def test_other_systems_are_sent_to_a_container(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert sh(folder, "true") == 125
    found = capfd.readouterr().err
    assert "docker run --rm --network none" in found
    assert len(found.splitlines()) == 1


def test_a_run_that_is_terminated_leaves_nothing_lent(folder: Path) -> None:
    words = [sys.executable, "-m", "modelward", "run", "--output", str(folder / "out"), "--"]
    script = "touch made; exec sleep 30"
    environment = dict(os.environ) | {"TMPDIR": str(folder)}
    with subprocess.Popen([*words, "/bin/sh", "-c", script], env=environment) as process:
        end = time.monotonic() + 10
        while not (folder / "out" / "made").exists() and time.monotonic() < end:
            time.sleep(0.01)
        process.terminate()
        assert process.wait(10) == 128 + signal.SIGTERM
    assert {path.stat().st_uid for path in folder.rglob("*")} == {os.geteuid()}
    assert os.listdir(folder) == ["out"]


def test_limits_have_units() -> None:
    made = _limits(["wall=2h", "memory=8G", "processes=7", "disk=500M"])
    assert (made.wall, made.memory, made.processes, made.disk) == (7200, 8 << 30, 7, 500 << 20)
