"""`modelward advisories`, from arguments to text and exit code."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from tests.deps.records import EXCERPT, raw, record

from modelward.cli.advisories import advisories
from modelward.cli.serving import Server
from modelward.core.errors import ModelwardError, ReadError, UsageError


def run(*args: str) -> int:
    with advisories.make_context("advisories", list(args)) as context:
        code: int = advisories.invoke(context)
        return code


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798761600")  # 2027-01-01
    (tmp_path / "osv").mkdir()
    (tmp_path / "osv" / "PYSEC-2026-1.json").write_bytes(raw(record()))
    return tmp_path


def test_sync_and_show(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sync", "--from", "osv", "--from", str(EXCERPT), "--database", "a.db") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "feed      osv  1 record, the youngest of 2026-01-02, from osv"
    assert lines[-1].startswith("synced: 71 advisory records, the youngest of 2026-08-04, 150 days ago (sha256:")
    assert run("sync", "--from", "osv", "--database", "a.db") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith(f"left out  {EXCERPT}, which the database held before")
    assert run("sync", "--from", "osv", "--database", "a.db", "--quiet") == 0
    assert capsys.readouterr().out.endswith("(nothing changed)\n")
    assert run("show", "--database", "a.db", "--verify") == 0
    assert capsys.readouterr().out.endswith("\n1 advisory record, the youngest of 2026-01-02, 363 days ago\n")
    assert run("show", "PYSEC-2026-1", "--database", "a.db") == 0
    assert json.loads(capsys.readouterr().out) == record()


def test_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("sync", "--from", "osv", "--database", "a.db", "--quiet")
    capsys.readouterr()
    assert run("show", "--database", "a.db", "--format", "json", "--output", "a.json") == 0
    assert capsys.readouterr().out == "1 advisory record, the youngest of 2026-01-02, 363 days ago\n"
    body = json.loads((here / "a.json").read_bytes())
    assert body["schema"] == "modelward/advisories/1"
    assert (body["records"], body["unread"], body["withdrawn"], body["newest"]) == (1, 0, 0, "2026-01-02T03:04:05Z")
    assert body["feeds"][0]["name"] == "osv" and body["digest"].startswith("sha256:")


def test_what_is_wrong_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "osv" / "PYSEC-2026-2.yaml").write_text("id: PYSEC-2026-2")
    (here / "osv" / "PYSEC-2026-3\x1b[2J.json").write_bytes(
        raw(record("PYSEC-2026-3", modified="2027-02-02T00:00:00Z"))
    )
    assert run("sync", "--from", "osv", "--database", "a.db") == 3
    text = capsys.readouterr().out
    assert "unread    osv: PYSEC-2026-2.yaml: only JSON is read" in text
    assert "still to come" in text and "of unknown age" in text and "\x1b" not in text
    assert run("show", "--database", "a.db") == 0
    assert "unread    osv: PYSEC-2026-2.yaml" in capsys.readouterr().out


def test_who_serves_is_told_what_is_missing(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "osv" / "PYSEC-2026-2.yaml").write_text("id: PYSEC-2026-2")
    run("sync", "--from", "osv", "--database", "a.db", "--quiet")
    capsys.readouterr()
    monkeypatch.setattr(Server, "serve_forever", lambda self: None)
    assert run("serve", "--database", "a.db", "--port", "0") == 0
    told, serving = capsys.readouterr().out.splitlines()
    assert told.startswith("unread    osv: PYSEC-2026-2.yaml") and serving.startswith("serving http://127.0.0.1:")


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["sync", "--from", "nothing", "--database", "a.db"], UsageError),
        (["sync", "--from", "osv", "--database", "nowhere/a.db"], UsageError),
        (["sync", "--from", "osv", "--database", "osv"], UsageError),
        (["sync", "--from", "empty", "--database", "a.db"], ReadError),
        (["sync", "--from", "http://feed.example/PyPI/", "--database", "a.db"], UsageError),
        (["show", "--database", "a.db"], UsageError),
        (["show", "--database", "osv/PYSEC-2026-1.json"], UsageError),
        (["show", "--database", "a.db", "--output", "nowhere/a.txt"], UsageError),
        (["sync", "--database", "a.db"], click.UsageError),
        (["sync", "--from", "osv"], click.UsageError),
    ],
)
def test_one_line_of_error(here: Path, args: list[str], error: type[ModelwardError] | type[click.UsageError]) -> None:
    (here / "empty").mkdir()
    with pytest.raises(error) as caught:
        run(*args)
    assert "\n" not in str(caught.value) and not (here / "a.db").exists()


def test_help_comes_without_a_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "modelward advisories sync --from" in capsys.readouterr().out
