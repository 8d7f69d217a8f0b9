"""JUnit XML and GitHub annotations, as their readers read them."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.hostile import checks, dangerous, hostile_text, scans
from tests.report.samples import CALL, CLASS, CODE, NAME, checked, found, gap, lone, scanned

from modelward.core.finding import Severity
from modelward.core.result import Failure, Reason, Report
from modelward.report import github, junit
from modelward.report.view import Asked

# --- JUnit ---


def suites(*reports: Report, fail_on: Severity = Severity.MEDIUM) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(junit.render(reports, Asked(fail_on)).encode()))


def cases(suite: ElementTree.Element) -> list[tuple[str | None, str | None, str | None]]:
    """(class name, name, tag of the problem)"""
    return [
        (case.get("classname"), case.get("name"), case[0].tag if len(case) else None) for case in suite.iter("testcase")
    ]


def test_a_case_for_each_finding_gap_and_file_without_one() -> None:
    (suite,) = suites(checked(scanned(found(does="os.system('id')"), found(CLASS, "low.pkl"), gap())))
    assert cases(suite) == [
        ("modelward.pickle-dangerous-call", "optimizer.pkl, byte 68", "failure"),
        ("modelward.unexamined", "big.safetensors", "error"),
        ("modelward.examined", "config.json", None),
        ("modelward.examined", "low.pkl", None),
        ("modelward.examined", "model.bin", None),
    ]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("errors")) == (
        "minilm",
        "5",
        "1",
        "1",
    )
    failure = suite.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "critical: loading this file runs a shell command"
    assert "does: os.system('id')\n" in str(failure.text)
    output = suite.findtext("system-out")
    assert output == "deny: 1 critical, 1 low, 1 unexamined, 5 files, policy baseline"


def test_a_clean_target_fails_nothing_and_a_failed_one_does() -> None:
    clean, failed = suites(scanned(), Failure("gone", "'gone' is not there", 2))
    assert {problem for _, _, problem in cases(clean)} == {None}
    assert cases(failed) == [("modelward.run", "run", "error")]


def test_the_line_can_be_moved_and_needs_fail() -> None:
    (suite,) = suites(scanned(found(CLASS)), fail_on=Severity.LOW)
    assert cases(suite)[0] == ("modelward.pickle-unknown-class", "optimizer.pkl, byte 68", "failure")
    (suite,) = suites(checked(scanned(), Reason("manifest", "need", "", "there is none")))
    assert cases(suite)[0] == ("modelward.manifest", "minilm", "failure")


@given(scans | checks)
def test_any_report_is_xml(report: Report) -> None:
    text = junit.render([report], Asked())
    (suite,) = list(ElementTree.fromstring(text.encode()))
    assert dangerous(text.replace("\n", "")) == []
    for tag in ("failure", "error"):
        assert len(list(suite.iter(tag))) == int(suite.get(f"{tag}s", ""))
    assert len(list(suite.iter("testcase"))) == int(suite.get("tests", ""))


# --- GitHub ---

COMMAND = re.compile(r"::(error|warning) (?:file=([^:,]*),)?title=([^:,]*)::(.*)")


def lines(*reports: Report, fail_on: Severity = Severity.MEDIUM) -> list[str]:
    return github.render(reports, Asked(fail_on)).splitlines()


def test_annotations_name_file_rule_and_deed() -> None:
    broken = gap("scaler.pkl", "cut off", "download it again", at=400)
    assert lines(checked(scanned(found(does="os.system('id')"), found(CLASS), broken))) == [
        "::error file=minilm/optimizer.pkl,title=modelward critical%3A pickle-dangerous-call::"
        "loading this file runs a shell command: os.system('id') (at byte 68)",
        "::warning file=minilm/scaler.pkl,title=modelward unexamined::cut off: download it again (at byte 400)",
        "deny: 1 critical, 1 low, 1 unexamined, 4 files, policy baseline (exit 1)",
    ]


def test_paths_are_relative_to_the_repository() -> None:
    assert "file=a/b.pkl," in lines(lone(found(file=""), label="a/b.pkl"))[0]
    assert "file=optimizer.pkl," in lines(scanned(found(), label="."))[0]
    assert "file=optimizer.pkl," in lines(scanned(found(), label="/home/someone/m"))[0]


def test_what_fails_is_an_error_and_what_does_not_is_a_warning() -> None:
    assert lines(scanned(found(NAME)), fail_on=Severity.HIGH)[0].startswith("::warning ")
    assert lines(scanned(found(CLASS)), fail_on=Severity.LOW)[0].startswith("::error ")
    assert lines(scanned(found(CODE))) == ["clean: 1 info, 0 unexamined, 3 files (exit 0)"]
    assert lines(replace(scanned(found()), baselined=(found(),)))[-1].startswith("clean: ")
    needs = checked(scanned(), Reason("manifest", "need", "", "there is none"))
    assert lines(needs)[0] == "::error file=minilm,title=modelward unmet manifest::there is none"


def test_several_targets_and_one_that_failed() -> None:
    assert lines(scanned(), Failure("gone", "'gone' is not there", 2)) == [
        "::error file=gone,title=modelward failed::'gone' is not there",
        "failed: 2 targets, 1 failed, 1 clean (exit 2)",
    ]
    assert lines(Failure("gone", "why", 4))[-1] == "failed: 1 target, 1 failed (exit 4)"


def test_what_github_would_not_show_is_counted() -> None:
    made = lines(scanned(*(found(CALL, f"{n}.pkl") for n in range(70))))
    assert len(made) == 52
    assert made[50] == "::warning title=modelward more::20 more: --format html shows them all"


@given(scans | checks | st.builds(Failure, hostile_text, hostile_text, st.just(4)))
def test_no_name_starts_a_command_or_ends_one(report: Report) -> None:
    *commands, last = github.render([report], Asked()).removesuffix("\n").split("\n")
    assert all(COMMAND.fullmatch(line) for line in commands)
    assert dangerous("".join((*commands, last))) == []
    assert re.match(r"(allow|deny|clean|flagged|incomplete|failed): ", last)


@pytest.mark.parametrize("name", ["::error::x", "a,title=clean::", "a%0A::error::x", "a\n::stop-commands::x", "100%"])
def test_names_that_look_like_commands(name: str) -> None:
    (command, _) = lines(scanned(found(file=name, message=name)))
    parsed = COMMAND.fullmatch(command)
    assert parsed is not None
    decoded = parsed[2].replace("%3A", ":").replace("%2C", ",").replace("%0A", "\n").replace("%25", "%")
    assert decoded == f"minilm/{name}"
