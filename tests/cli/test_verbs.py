"""Every verb: what goes in, what comes out, where to, and with which exit code."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from tests.cli.process import STUB, environment, piped
from tests.report.samples import CALL, RULES

from modelward import __version__
from modelward.report.rules_doc import render, section

VERBS = ("check", "scan", "manifest", "explain", "completion")


@pytest.mark.parametrize(("target", "code"), [("clean", 0), ("minor", 0), ("flagged", 1), ("incomplete", 3)])
@pytest.mark.parametrize("verb", ["check", "scan"])
@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_the_exit_code_is_the_answer_whatever_the_format(verb: str, target: str, code: int, form: str) -> None:
    done = piped(verb, target, "--format", form)
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.endswith(f"(exit {code})\n") if form == "text" else json.loads(done.stdout)


@pytest.mark.parametrize(("target", "code"), [("clean", 0), ("flagged", 1), ("incomplete", 3)])
@pytest.mark.parametrize(
    ("form", "begins"),
    [("junit", "<?xml "), ("github", ""), ("markdown", "### modelward: "), ("html", "<!DOCTYPE html>")],
)
def test_the_reports_for_ci_and_for_sharing(form: str, begins: str, target: str, code: int) -> None:
    for verb in ("check", "scan"):
        done = piped(verb, target, "--format", form)
        assert (done.returncode, done.stderr) == (code, "")
        assert done.stdout.startswith(begins)
        assert done.stdout.endswith("\n")


def test_fail_on_moves_the_line() -> None:
    assert piped("scan", "minor", "--fail-on", "low").returncode == 1
    assert piped("scan", "flagged", "--fail-on", "critical").returncode == 1
    assert json.loads(piped("scan", "minor", "--fail-on", "low", "--format", "json").stdout)["outcome"] == "flagged"


def test_several_targets_the_gravest_wins_and_none_keeps_the_others_from_an_answer() -> None:
    done = piped("check", "clean", "missing", "flagged", "unreadable", "incomplete", "--format", "json")
    assert done.returncode == 4
    assert [answer.get("decision") for answer in json.loads(done.stdout)] == ["allow", None, "deny", None, "incomplete"]
    assert done.stderr.splitlines() == [
        "modelward: error: 'missing' is not there: name a file or a folder",
        r"modelward: error: the file changed\nwhile it was read",
    ]
    assert piped("check", "incomplete", "flagged", "clean").returncode == 1
    assert piped("check", "incomplete", "clean").stdout.endswith(
        "\nincomplete: 2 targets, 1 incomplete, 1 allow (exit 3)\n"
    )
    assert len(json.loads(piped("scan", "clean", "flagged", "--format", "sarif").stdout)["runs"]) == 2


def test_an_error_that_all_targets_share_is_told_once() -> None:
    done = piped("check", "clean", "flagged", "--policy", "broken.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "modelward: error: broken.toml, line 3: there is no key 'denny'; did you mean 'deny'?\n"


def test_quiet_prints_the_answer_alone() -> None:
    done = piped("check", "flagged", "--quiet")
    assert (done.returncode, done.stdout) == (1, "deny: 1 critical, 0 unexamined, 3 files, policy baseline (exit 1)\n")


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_output_takes_the_report_and_stdout_the_answer(tmp_path: Path, form: str) -> None:
    file = tmp_path / "report"
    done = piped("scan", "flagged", "--format", form, "--output", str(file))
    assert done.stdout == "flagged: 1 critical, 0 unexamined, 3 files (exit 1)\n"
    assert file.read_text() == piped("scan", "flagged", "--format", form).stdout
    assert piped("scan", "flagged", "--output", str(file), "--quiet").stdout == ""
    assert list(tmp_path.iterdir()) == [file]


def test_statements_are_named_in_the_report() -> None:
    assert "evidence  2 statements in kept\n" in piped("check", "clean", "--statements", "kept").stdout


def test_a_manifest_is_delivered_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    statement = '{"_type":"https://in-toto.io/Statement/v1"}'
    assert piped("manifest", "clean").stdout == statement
    named = hashlib.sha256(statement.encode()).hexdigest()
    assert piped("manifest", "clean", "--output", str(file)).stdout == f"manifest sha256:{named}\n"
    assert file.read_text() == statement
    assert piped("manifest", "unreadable").returncode == 4


def test_explain_says_what_the_document_says() -> None:
    assert piped("explain", "pickle-dangerous-call").stdout == section(CALL)
    assert piped("explain", "--all").stdout == render(RULES)
    assert [line.split()[0] for line in piped("explain").stdout.splitlines()] == sorted(RULES)


def test_explain_helps_with_a_misspelt_rule() -> None:
    done = piped("explain", "pickle-dangerous-cal")
    assert done.returncode == 2
    assert done.stderr == (
        "modelward: error: there is no rule 'pickle-dangerous-cal' (did you mean pickle-dangerous-call?): "
        "modelward explain lists them\n"
    )


def test_the_version() -> None:
    assert piped("--version").stdout == f"modelward {__version__}\n"


@pytest.mark.parametrize("verb", [None, *VERBS])
def test_help_is_short_and_shows_examples_first(verb: str | None) -> None:
    done = piped(*([verb] if verb else []), "--help")
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert [line.strip() for line in lines[1:3]] == ["", "Examples:"]
    assert lines[3].strip().startswith(f"modelward {verb or 'check'}") or "$(modelward completion" in lines[3]


def test_no_verb_shows_the_help_and_is_an_error() -> None:
    done = piped()
    assert done.returncode == 2
    assert done.stdout == piped("--help").stdout


def complete(words: str) -> list[str]:
    done = piped(
        env={"_MODELWARD_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    )
    return done.stdout.split()


def test_verbs_options_policies_and_rules_complete() -> None:
    assert complete("modelward s") == ["plain,scan", "plain,sign", "plain,store"]
    assert complete("modelward check --pol") == ["plain,--policy"]
    assert complete("modelward check --policy s") == ["plain,safe-formats", "plain,signed", "file,s"]
    assert complete("modelward scan --format s") == ["plain,sarif"]
    assert complete("modelward explain zip") == ["plain,zip-name-mismatch"]
    assert complete("modelward check mod") == ["file,mod"]


def test_bash_takes_the_completion_script() -> None:
    script = piped("completion", "bash").stdout
    asked = 'COMP_WORDS=(modelward exp); COMP_CWORD=1; _modelward_completion "$0"; echo "${COMPREPLY[@]}"'
    stub = f'modelward() {{ {" ".join(STUB)} "$@"; }}; export -f modelward; '
    # the script calls the program through env(1), which knows no functions
    called = script.replace("env COMP_WORDS", "COMP_WORDS")
    done = subprocess.run(
        ["bash", "-c", f"{stub}{called}\n{asked}", "modelward"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["explain"], done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_completion_script(shell: str) -> None:
    done = piped("completion", shell)
    assert done.returncode == 0
    assert "_MODELWARD_COMPLETE" in done.stdout
