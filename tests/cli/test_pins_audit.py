"""`modelward pins audit`, from arguments to report and exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.report.test_sarif_report import SCHEMA

from modelward.app.source_audit import audit
from modelward.checks.pins.lock import Entry, HubSource, Lock, render
from modelward.cli.commands import run
from modelward.core.content import Content
from modelward.core.errors import UsageError
from modelward.core.hub_name import Ref

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOAD = "from transformers import AutoModel\n\nmodel = AutoModel.from_pretrained('org/name')\n"
PINNED = f"from transformers import AutoModel\nAutoModel.from_pretrained('org/name', revision='{COMMIT}')\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "src"
    source.mkdir()
    (source / "load.py").write_text(LOAD)
    (source / "pinned.py").write_text(PINNED)
    (source / "readme.md").write_text(LOAD)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_what_is_found_where_and_the_pin(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pins", "audit", "src"]) == 1
    assert said(capsys).splitlines() == [
        "medium[unpinned-hub-load]: transformers.AutoModel.from_pretrained loads 'org/name' without a revision: "
        "what its main branch is by then",
        "  at   src/load.py:3:9",
        "  pin  modelward pin hf://org/name",
        "",
        "flagged: 1 medium, 0 unexamined, 2 files (exit 1)",
    ]


def test_the_pin_comes_from_the_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = HubSource(Ref("models", "org/name"), COMMIT)
    (project / "modelward.lock").write_bytes(render(Lock((Entry("a", source, {"x": Content(1, "ab" * 32)}),))))
    assert run(["pins", "audit", "src/load.py"]) == 1
    assert f'  pin  revision="{COMMIT}"' in said(capsys).splitlines()
    (project / "modelward.lock").rename(project / "other.lock")
    assert run(["pins", "audit", "src/load.py", "--lock", "other.lock", "--format", "json"]) == 1
    assert json.loads(said(capsys))["findings"][0]["evidence"]["pin"] == f'revision="{COMMIT}"'


def test_exit_codes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "unknown.py").write_text(LOAD.replace("'org/name'", "name"))
    (project / "broken.py").write_text("def f(:")
    assert run(["pins", "audit", "src/pinned.py", "--quiet"]) == 0
    assert run(["pins", "audit", "unknown.py", "--quiet"]) == 1
    assert run(["pins", "audit", "unknown.py", "--quiet", "--fail-on", "medium"]) == 0
    assert run(["pins", "audit", "src/pinned.py", "broken.py", "--quiet"]) == 3
    assert run(["pins", "audit", "src", "broken.py", "--quiet"]) == 1
    assert said(capsys).splitlines()[-2:] == [
        "incomplete: 0 findings, 1 unexamined, 2 files (exit 3)",
        "flagged: 1 medium, 1 unexamined, 3 files (exit 1)",
    ]


def test_a_folder_without_code_is_no_pass(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "empty").mkdir()
    assert run(["pins", "audit", "empty"]) == 3
    assert "no Python file, notebook or script is in there" in said(capsys)


@pytest.mark.parametrize("args", [["nowhere"], ["src", "--lock", "nowhere"], ["src", "--exclude", ""]])
def test_a_wrong_command_line(project: Path, args: list[str]) -> None:
    with pytest.raises(UsageError):
        run(["pins", "audit", *args])


def test_which_files_are_read(project: Path) -> None:
    (project / "script").write_text("#!/usr/bin/env python3\n" + LOAD)
    (project / "other").write_text(LOAD)
    (project / "a.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": LOAD}]}))
    (project / ".venv" / "lib").mkdir(parents=True)
    (project / ".venv" / "pyvenv.cfg").touch()
    (project / ".venv" / "lib" / "b.py").write_text(LOAD)
    (project / "outside").symlink_to("/etc")
    done = audit(["."])
    assert [one.at.file for one in done.findings] == ["./a.ipynb", "./script", "./src/load.py"]
    assert [one.at.file for one in done.unexamined] == ["./outside"]
    assert done.left_out == ("./.venv",)
    assert len(audit([".venv"]).findings) == 1
    assert len(audit(["other"]).findings) == 1
    rest = audit(["."], exclude=["*.ipynb", "script", "src", "outside"])
    assert not rest.findings and len(rest.unexamined) == 1


def test_scripts_are_read_by_their_names(project: Path) -> None:
    names = ("a.sh", "Dockerfile", "Dockerfile.gpu", "ci.yml", "Makefile", "run")
    for name in names:
        (project / name).write_text("#!/bin/bash\nhf download org/name\n")
    (project / "notes.txt").write_text("hf download org/name\n")
    assert {one.at.file for one in audit(["."], exclude=["src"]).findings} == {f"./{name}" for name in names}
    assert len(audit(["Dockerfile"]).findings) == 1


def test_one_place_is_told_once(project: Path) -> None:
    assert len(audit(["src", "src"]).findings) == 1


def test_a_file_that_cannot_be_read_is_unexamined(project: Path) -> None:
    (project / "src" / "gone.py").symlink_to("nowhere")
    done = audit(["src"])
    assert [one.at.file for one in done.unexamined] == ["src/gone.py"]


def test_for_machines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "%, :\n.ipynb"
    (project / name).write_text(json.dumps({"cells": [{"cell_type": "code", "source": LOAD}]}))
    assert run(["pins", "audit", "src", name, "--format", "sarif"]) == 1
    document = json.loads(said(capsys))
    SCHEMA.validate(document)
    first, second = document["runs"][0]["results"]
    assert first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "cell 1, line 3, column 9"
    assert second["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "src/load.py"},
        "region": {"startLine": 3, "startColumn": 9},
    }
    assert run(["pins", "audit", "src", name, "--format", "github"]) == 1
    lines = said(capsys).splitlines()
    assert lines[0].startswith("::error file=%25%2C %3A%0A.ipynb,title=")
    assert lines[1].startswith("::error file=src/load.py,line=3,col=9,title=")
    assert len(lines) == 3


def test_the_report_goes_to_a_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pins", "audit", "src", "--format", "json", "--output", "out.json"]) == 1
    assert said(capsys) == "flagged: 1 medium, 0 unexamined, 2 files (exit 1)\n"
    body = json.loads((project / "out.json").read_bytes())
    assert body["schema"] == "modelward/pins-audit/1"
    assert body["coverage"] == {"files": 2, "bytes": len(LOAD) + len(PINNED)}
    assert {key: body["findings"][0][key] for key in ("file", "line", "column", "rule")} == {
        "file": "src/load.py", "line": 3, "column": 9, "rule": "unpinned-hub-load",
    }  # fmt: skip


def test_hostile_text_cannot_forge_a_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "a.py").write_text(
        "import transformers as t\nt.AutoModel.from_pretrained('org/\\x1b[2J\\nclean')\n" + LOAD
    )
    run(["pins", "audit", "a.py"])
    assert "\x1b" not in said(capsys)
