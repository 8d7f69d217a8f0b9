"""The whole program on real files: the formats of the report, and targets as nobody wants them."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from tests.cli.process import REAL, ROOT, piped
from tests.cli.test_frozen import Evil, make_targets

from modelward import app
from modelward.core.canonical import escape_bytes
from modelward.report.rules_doc import render

EVIL = pickle.dumps(Evil(), 4)
GOOD = pickle.dumps({"layers": [1, 2, 3]}, 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_targets(tmp_path)
    return tmp_path


def answer(folder: Path, *args: str) -> tuple[int, Any]:
    done = piped(*args, "--format", "json", program=REAL, cwd=folder)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_the_rules_document_says_what_the_code_says() -> None:
    assert (ROOT / "docs" / "rules.md").read_text() == render(app.rules())


def test_every_rule_is_complete_and_explained() -> None:
    for name, rule in app.rules().items():
        assert name == rule.id
        assert rule.title
        assert rule.why.endswith(".")
        assert rule.do.endswith(".")
        assert rule.title[0] == rule.title[0].lower() or rule.title.split()[0].isupper()
        assert len(rule.title) <= 80


def test_the_same_files_elsewhere_give_the_same_bytes(folder: Path) -> None:
    shutil.copytree(folder / "evil", folder / "copy")
    for form in ("json", "sarif"):
        reports = [
            piped("check", target, "--format", form, program=REAL, cwd=folder).stdout.replace(target, "T")
            for target in ("evil", "copy")
        ]
        assert reports[0] == reports[1]


def test_a_finding_in_json_names_file_rule_and_byte(folder: Path) -> None:
    code, check = answer(folder, "check", "evil")
    (critical,) = [finding for finding in check["findings"] if finding["severity"] == "critical"]
    assert code == 1
    assert (check["decision"], check["outcome"]) == ("deny", "flagged")
    assert (critical["rule"], critical["file"]) == ("pickle-dangerous-call", "optimizer.pkl")
    assert EVIL[critical["span"][0] : critical["span"][1]] == pickle.REDUCE
    assert {"rule": "pickle-dangerous-call", "file": "optimizer.pkl"}.items() <= check["reasons"][0].items()


def test_a_member_of_an_archive_is_named(folder: Path) -> None:
    _, scan = answer(folder, "scan", "evil.zip")
    assert {
        (finding["file"], *finding["inside"]) for finding in scan["findings"] if finding["severity"] == "critical"
    } == {("", "model/data.pkl")}


def test_names_of_all_bytes_survive_in_json_and_sarif(folder: Path) -> None:
    names = sorted(os.listdir(os.fsencode(folder / "names")))
    _, scan = answer(folder, "scan", "names")
    assert sorted({finding["file"] for finding in scan["findings"]}) == sorted(map(escape_bytes, names))
    log = json.loads(piped("scan", "names", "--format", "sarif", program=REAL, cwd=folder).stdout)
    uris = {artifact["location"]["uri"] for artifact in log["runs"][0]["artifacts"]}
    assert sorted(map(unquote_to_bytes, uris)) == [b"names/" + name for name in names]


def test_what_is_no_file_is_unexamined_and_keeps_nobody_waiting(folder: Path) -> None:
    os.mkfifo(folder / "good" / "fifo")
    (folder / "good" / "out").symlink_to("/etc/hostname")
    (folder / "good" / "loop").symlink_to("loop")
    code, check = answer(folder, "check", "good")
    assert (code, check["decision"]) == (3, "incomplete")
    assert {gap["file"] for gap in check["unexamined"]} == {"fifo", "out", "loop"}
    text = piped("check", "good", program=REAL, cwd=folder).stdout
    assert "examined  2 of 5 files fully, 3 not at all, " in text
    assert text.endswith("3 unexamined, 5 files, policy baseline (exit 3)\n")


def test_a_waiver_allows_one_content_and_the_report_says_so(folder: Path) -> None:
    policy = (
        (ROOT / "src/modelward/policy/levels/baseline.toml").read_text()
        + f"""
[[waiver]]
rule = "pickle-dangerous-call"
digest = "sha256:{hashlib.sha256(EVIL).hexdigest()}"
expires = 2999-12-31
reason = "prints a line; reviewed"
"""
    )
    (folder / "policy.toml").write_text(policy)
    done = piped("check", "evil", "--policy", "policy.toml", program=REAL, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "critical[" not in done.stdout
    assert "waived    pickle-dangerous-call in optimizer.pkl until 2999-12-31: prints a line; reviewed\n" in done.stdout
    assert "1 waived, " in done.stdout.splitlines()[-1]
    _, check = answer(folder, "check", "evil", "--policy", "policy.toml")
    assert [waived["rule"] for waived in check["waived"]] == ["pickle-dangerous-call"]
    log = json.loads(
        piped("check", "evil", "--policy", "policy.toml", "--format", "sarif", program=REAL, cwd=folder).stdout
    )
    suppressed = [result for result in log["runs"][0]["results"] if "suppressions" in result]
    assert [result["ruleId"] for result in suppressed] == ["pickle-dangerous-call"]


def test_statements_are_the_ones_that_the_report_names(folder: Path) -> None:
    done = piped("check", "evil", "--statements", "kept", "--format", "json", program=REAL, cwd=folder)
    named = {statement["digest"]["value"] for statement in json.loads(done.stdout)["statements"]}
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "kept").iterdir()} == named


def test_the_manifest_is_the_statement_that_check_makes(folder: Path) -> None:
    piped("check", "good", "--statements", "kept", program=REAL, cwd=folder)
    (kept,) = (folder / "kept").glob("manifest-*.json")
    assert piped("manifest", "good", program=REAL, cwd=folder).stdout.encode() == kept.read_bytes()


def test_what_is_excluded_is_said(folder: Path) -> None:
    done = piped("scan", "evil", "--exclude", "*.pkl", "--exclude", "*.md", program=REAL, cwd=folder)
    assert "excluded  optimizer.pkl\n" in done.stdout
    assert done.returncode == 0


def test_starting_is_quick() -> None:
    """No report, no app and no rich before a verb needs them."""
    program = (
        "import sys; sys.argv[1:] = ['--version']; from modelward.cli.main import main; main(); print(*sys.modules)"
    )
    loaded = piped("-c", program, program=REAL[:1]).stdout.split()
    assert "click" in loaded
    assert not {"rich", "modelward.app", "rfc8785", "json", "tomllib"} & set(loaded)
