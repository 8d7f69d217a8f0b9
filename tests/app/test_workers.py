"""Several processes: the same result as from one, whatever their number and whatever happens to them; and
one file on which modelward fails keeps no other from its result."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.process import environment
from tests.corpus.opcodes import call, name, stream, text

from modelward import app
from modelward.app import reading, workers
from modelward.checks.scan import examiners
from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.core.errors import Defect
from modelward.core.result import exit_code
from modelward.core.statement import Statement
from modelward.report import machine
from modelward.stores.cache import FILE

EVIL = stream(call(name("os", "system"), text("echo this is harmless")))
GOOD = pickle.dumps({"layers": [1, 2, 3]}, 4)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    files = {f"{n}.pkl": pickle.dumps([n]) for n in range(5)} | {"evil.pkl": EVIL, "cut.pkl": GOOD[:-3]}
    files |= {"config.json": b'{"auto_map": {"A": "x.Y"}}', "numbers.npy": b"\x93NUMPY\1\0", "text.txt": b"words\n"}
    for path, content in files.items():
        (folder / path).write_bytes(content)
    (folder / "link.pkl").symlink_to("evil.pkl")
    (folder / "gone").symlink_to("nowhere")
    return folder


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers from the second file on."""
    monkeypatch.setattr(reading, "_PATIENCE", 0)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_the_result_is_the_same_whatever_the_number(model: Path, jobs: int) -> None:
    plain = app.scan(str(model))
    with app.effort(jobs) as how:
        assert app.scan(str(model), how=how) == plain


@pytest.mark.usefixtures("eager")
def test_workers_use_the_cache_and_feed_it(model: Path, tmp_path: Path) -> None:
    plain = app.scan(str(model))
    for _ in range(2):
        with app.effort(2, str(tmp_path / "cache")) as how:
            assert app.scan(str(model), how=how) == plain
            assert how.known and how.known.trouble == ""
            assert all(how.known.find(digest) for digest in plain.digests.values())


def test_small_folders_are_read_by_one(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("no process is needed")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with app.effort(8) as how:
        app.scan(str(model), how=how)
        app.scan(str(model / "evil.pkl"), how=how)


def test_large_files_are_shared_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for size, large in ((1000, False), (2000, True)):
        (tmp_path / f"{size}").write_bytes(bytes(size))
        monkeypatch.setattr(reading, "_LARGE", 1000)
        assert reading._are_large(os.fsencode(path) for path in tmp_path.iterdir()) == large
    assert not reading._are_large([b"/nowhere"])


@pytest.mark.usefixtures("eager")
def test_progress_goes_on(model: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    with app.effort(2) as how:
        app.scan(str(model), how=how, progress=lambda *state: calls.append(state))
    assert [path for _, _, path in calls] == sorted(
        path.name for path in model.iterdir() if path.name not in ("gone", "link.pkl")
    )
    assert {total for _, total, _ in calls} == {10}
    assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)


DEADLY = (
    "import os, signal, sys; sys.path[:] = {path!r}\n"
    "from modelward.app import one_file, workers\n"
    "read = one_file.Reader.read\n"
    "def deadly(self, job):\n"
    "    if job.real.endswith((b'1.pkl', b'evil.pkl')): os.kill(os.getpid(), signal.SIGKILL)\n"
    "    return read(self, job)\n"
    "one_file.Reader.read = deadly\n"
    "workers.serve({setting!r})"
)


@pytest.mark.usefixtures("eager")
def test_a_worker_that_is_killed_takes_one_file_with_it(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system does when there is too little memory."""
    monkeypatch.setattr(workers, "_PROGRAM", DEADLY)
    plain = app.scan(str(model))
    with app.effort(2) as how:
        result = app.scan(str(model), how=how)
    assert result.defects == ("1.pkl", "evil.pkl", "link.pkl")
    why = {place.file: str(place) for place in result.unexamined}
    assert "ended by SIGKILL" in why["evil.pkl"]
    assert exit_code(result) == 4
    others = [place for place in plain.findings if place.file not in result.defects]
    assert list(result.findings) == others


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("program", ["raise SystemExit(1)", "pass", "import modelward.nothing"])
def test_workers_that_do_not_start_are_not_needed(model: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    plain = app.scan(str(model))
    monkeypatch.setattr(workers, "_PROGRAM", program)
    with app.effort(2) as how:
        assert app.scan(str(model), how=how) == plain


@pytest.mark.usefixtures("eager")
def test_words_that_json_cannot_carry_are_said_by_the_process_itself(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = app.scan(str(model))
    program = (
        "import sys; sys.path[:] = {path!r}\n"
        "from modelward.app import workers\n"
        "from modelward.core.errors import Malformed\n"
        "def refuse(file): raise Malformed('a lone surrogate')\n"
        "workers.encode_file = refuse\n"
        "workers.serve({setting!r})"
    )
    monkeypatch.setattr(workers, "_PROGRAM", program)
    with app.effort(2) as how:
        assert app.scan(str(model), how=how) == plain


@pytest.mark.usefixtures("eager")
def test_nothing_is_imported_from_the_folder_that_it_runs_in(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("json", "modelward", "click"):
        (model / f"{module}.py").write_text("import pathlib; pathlib.Path('imported').touch()")
    monkeypatch.chdir(model)
    with app.effort(2) as how:
        app.scan(".", how=how)
    assert not (model / "imported").exists()


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_the_run(tmp_path: Path, how: signal.Signals) -> None:
    for number in range(3):
        with (tmp_path / f"{number}").open("wb") as file:
            file.truncate(1 << 30)
    command = [sys.executable, "-m", "modelward", "scan", str(tmp_path), "--jobs", "2"]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(pids := children(process.pid)) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(how)
    stdout, stderr = process.communicate(timeout=30)
    if how == signal.SIGINT:
        assert (process.returncode, stdout, stderr) == (130, b"", b"interrupted\n")
    end = time.monotonic() + 30
    while any(map(is_alive, pids)):
        assert time.monotonic() < end
        time.sleep(0.05)


# --- one file that modelward fails on ---


def broken(source: Source, here: Here) -> Iterator[Said]:
    yield here.unexamined("before it broke")
    raise ZeroDivisionError("nobody\nthought of this")


@pytest.fixture
def defective(model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(examiners.EXAMINERS, "npy", broken)
    return model


def test_a_defect_in_one_file_leaves_the_others_their_results(
    defective: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = app.check(str(defective), statements=str(tmp_path / "kept"))
    assert (result.decision, result.scan.defects, exit_code(result)) == ("deny", ("numbers.npy",), 4)
    (gap,) = [place for place in result.scan.unexamined if place.file == "numbers.npy"]
    assert str(gap) == (
        "unexamined: this is a defect of modelward (ZeroDivisionError: nobody thought of this); please report it "
        "(numbers.npy)"
    )
    assert {place.file for place in result.scan.findings} >= {"evil.pkl", "4.pkl"}
    assert b'"defects":["numbers.npy"]' in machine.render([result])
    (manifest,) = (tmp_path / "kept").glob("manifest-*")
    assert "numbers.npy" in {each["path"] for each in Statement.parse(manifest.read_bytes()).predicate["unreadable"]}


def test_a_defect_is_no_allow_even_where_it_is_waived(defective: Path, tmp_path: Path) -> None:
    for path in defective.iterdir():
        if path.name not in ("numbers.npy", "text.txt"):
            path.unlink()
    digest = app.scan(str(defective)).digest
    policy = tmp_path / "policy.toml"
    baseline = Path(app.__file__).parent.parent / "policy" / "levels" / "baseline.toml"
    waiver = f'rule = "unexamined"\ndigest = "{digest}"\nexpires = 2999-12-31\nreason = "r"\nfile = "numbers.npy"\n'
    policy.write_text(f"{baseline.read_text()}\n[[waiver]]\n{waiver}")
    result = app.check(str(defective), policy=str(policy))
    assert (result.decision, exit_code(result)) == ("allow", 4)


def test_a_defect_in_a_lone_file_is_its_error(defective: Path) -> None:
    with pytest.raises(Defect, match=r"numbers\.npy': this is a defect of modelward \(ZeroDivisionError"):
        app.scan(str(defective / "numbers.npy"))


def test_a_defect_ends_the_run_where_that_is_asked_for(defective: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWARD_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        app.scan(str(defective))


def test_a_defect_is_not_kept(defective: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.effort(1, str(tmp_path / "cache")) as how:
        assert app.scan(str(defective), how=how).defects
    monkeypatch.undo()
    with app.effort(1, str(tmp_path / "cache")) as how:
        assert app.scan(str(defective), how=how) == app.scan(str(defective))


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), AssertionError(), OSError(5, "broken")])
def test_whatever_is_raised_is_said(model: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(source: Source, here: Here) -> Iterator[Said]:
        raise error

    monkeypatch.setitem(examiners.EXAMINERS, "npy", fail)
    result = app.scan(str(model))
    assert result.defects == ("numbers.npy",)
    assert type(error).__name__ in str([str(place) for place in result.unexamined])


def test_a_ctrl_c_in_the_middle_leaves_a_cache_that_is_whole(model: Path, tmp_path: Path) -> None:
    """What was done by then is kept, or nothing of it; and no result is of another content."""
    plain = machine.render([app.scan(str(model))])
    for number in range(3):
        with (model / f"z{number}").open("wb") as file:
            file.truncate(1 << 30)
    command = [sys.executable, "-m", "modelward", "scan", str(model), "--jobs", "2", "--cache", str(tmp_path / "cache")]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(children(process.pid)) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == (b"", b"interrupted\n")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [FILE]
    with sqlite3.connect(tmp_path / "cache" / FILE) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    for number in range(3):
        (model / f"z{number}").unlink()
    with app.effort(1, str(tmp_path / "cache")) as how:
        assert machine.render([app.scan(str(model), how=how)]) == plain
        assert how.known and how.known.trouble == ""
