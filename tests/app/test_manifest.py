"""Manifests: the same bytes however they are come by."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.cli.process import REAL, piped

from modelward import app
from modelward.app.verifying import remember
from modelward.core.errors import ReadError
from modelward.stores import hashing


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    for n in range(3):
        (folder / f"{n}.bin").write_bytes(b"%d" % n * 2_000_000)
    (folder / "deep" / "small.txt").write_bytes(b"words\n")
    (folder / "empty").write_bytes(b"")
    (folder / "link").symlink_to("0.bin")
    (folder / "gone").symlink_to("nowhere")
    return folder


def test_it_is_the_one_that_a_check_makes(model: Path, tmp_path: Path) -> None:
    app.check(str(model), statements=str(tmp_path / "kept"))
    (kept,) = (tmp_path / "kept").glob("manifest-*")
    assert app.manifest(str(model)).statement.raw == kept.read_bytes()


def test_unchanged_files_are_not_read_where_their_times_are_trusted(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = app.manifest(str(model)).statement.raw
    later = time.time_ns() + 3_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: later)
    read: list[int] = []
    reading = hashing._hash_open
    monkeypatch.setattr(hashing, "_hash_open", lambda *args: read.append(args[0]) or reading(*args))  # type: ignore[func-returns-value]
    for trusts, number in ((False, 5), (False, 5), (True, 0)):
        read.clear()
        with remember(str(model), str(tmp_path / "cache"), trusts) as remembered:
            assert app.manifest(str(model), remembered=remembered).statement.raw == plain
        assert len(read) == number
    (model / "1.bin").write_bytes(b"2" * 2_000_000)
    with remember(str(model), str(tmp_path / "cache"), True) as remembered:
        made = app.manifest(str(model), remembered=remembered)
    assert made == app.manifest(str(model))
    assert made.statement.raw != plain


def test_a_scan_and_a_manifest_share_what_they_know(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.time_ns() + 3_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: later)
    with app.effort(1, str(tmp_path / "cache"), True) as how:
        app.scan(str(model), how=how)
    monkeypatch.setattr(hashing, "_hash", None)
    with remember(str(model), str(tmp_path / "cache"), True) as remembered:
        app.manifest(str(model), remembered=remembered)


def test_a_lone_file_that_cannot_be_read(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_hash", lambda *_: ReadError("permission denied"))
    with pytest.raises(ReadError, match=r"cannot read '.*0\.bin': permission denied"):
        app.manifest(str(model / "0.bin"))


def test_from_the_command_line(model: Path, tmp_path: Path) -> None:
    plain = piped("manifest", "model", program=REAL, cwd=tmp_path)
    for args in (["--cache", "c"], ["--cache", "c", "--trust-stat"], ["--cache", "c", "--no-cache"]):
        assert piped("manifest", "model", *args, program=REAL, cwd=tmp_path).stdout == plain.stdout
    done = piped("manifest", "model", "--cache", "model/c", program=REAL, cwd=tmp_path)
    assert done.stdout == plain.stdout
    assert "whose author could put results there" in done.stderr
    done = piped("manifest", "model", "--trust-stat", program=REAL, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
