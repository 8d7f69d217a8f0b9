"""What is new beside a baseline, and what is not."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.process import REAL, piped
from tests.cli.test_frozen import zipped
from tests.corpus.opcodes import call, name, stream, text
from tests.report.samples import CALL, CLASS, NAME, found, gap, scanned

from modelward import app
from modelward.app.baseline import make_baseline, mark_known, parse_baseline, read_baseline
from modelward.core import canonical
from modelward.core.errors import UsageError
from modelward.core.finding import Finding, Severity
from modelward.core.result import Place, ScanResult

EVIL = stream(call(name("os", "system"), text("echo this is harmless")))
WORSE = stream(call(name("os", "system"), text("echo this is harmless, too")))
GOOD = pickle.dumps({"layers": [1, 2, 3]}, 4)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.pkl").write_bytes(EVIL)
    (tmp_path / "model" / "good.pkl").write_bytes(GOOD)
    return tmp_path / "model"


def known(scan: ScanResult, fail_on: Severity = Severity.MEDIUM) -> frozenset[bytes]:
    return parse_baseline(make_baseline([scan], fail_on))


def against(model: Path, baseline: frozenset[bytes]) -> ScanResult:
    return app.scan(str(model), baseline=baseline)


def test_what_was_there_before_does_not_flag_and_is_still_said(model: Path) -> None:
    first = app.scan(str(model))
    again = against(model, known(first))
    assert (first.outcome(), again.outcome()) == ("flagged", "clean")
    assert again.findings == first.findings
    assert [(place.file, str(place)[:32]) for place in again.baselined] == [
        ("old.pkl", "critical[pickle-dangerous-call]:")
    ]
    assert set(again.new) | set(again.baselined) == set(again.findings)


def test_a_changed_file_has_new_findings_under_its_old_name(model: Path) -> None:
    baseline = known(app.scan(str(model)))
    (model / "old.pkl").write_bytes(WORSE)
    assert against(model, baseline).outcome() == "flagged"


def test_the_same_content_is_known_under_any_name(model: Path, tmp_path: Path) -> None:
    baseline = known(app.scan(str(model)))
    (model / "old.pkl").rename(model / "new.pkl")
    assert against(model, baseline).outcome() == "clean"
    assert against(model / "new.pkl", baseline).outcome() == "clean"


def test_the_same_content_inside_another_file_is_new(model: Path) -> None:
    baseline = known(app.scan(str(model)))
    (model / "a.zip").write_bytes(zipped("old.pkl", EVIL))
    assert {place.file for place in against(model, baseline).new if place.said.at.inside} == {"a.zip"}
    assert against(model, baseline).outcome() == "flagged"


def test_another_rule_place_or_member_is_new() -> None:
    baseline = known(scanned(found(CALL, at=5, inside=("a",))))
    assert (
        mark_known(scanned(found(CALL, at=5, inside=("a",), message="said otherwise")), baseline).outcome() == "clean"
    )
    for other in (
        found(NAME, at=5, inside=("a",)),
        found(CALL, at=6, inside=("a",)),
        found(CALL, at=None, inside=("a",)),
        found(CALL, at=5, inside=("b",)),
        found(CALL, at=5, inside=()),
        found(CALL, at=5, inside=("a", "a")),
    ):
        assert mark_known(scanned(other), baseline).outcome() == "flagged"


def test_what_is_said_of_no_bytes_goes_by_its_words() -> None:
    """A later version may say more of the same content by the same rule."""
    scan = scanned(found(CALL, at=None, message="calls a", does="a()"), found(CALL, at=5, message="calls c"))
    baseline = known(scan)
    assert mark_known(scan, baseline).outcome() == "clean"
    for other in (
        found(CALL, at=None, message="calls b", does="a()"),
        found(CALL, at=None, message="calls a", does="b()"),
        found(CALL, at=None, message="calls a"),
        found(CALL, at=None, message="calls c"),
    ):
        assert mark_known(scanned(other), baseline).outcome() == "flagged"


def test_a_rule_that_has_become_graver_is_new() -> None:
    place = found(NAME)
    assert isinstance(place.said, Finding)
    graver = Place(place.file, replace(place.said, rule=replace(NAME, severity=Severity.CRITICAL)))
    assert mark_known(scanned(graver), known(scanned(place), Severity.LOW)).outcome() == "flagged"


def test_a_name_is_known_for_what_it_is_and_not_for_its_content(model: Path) -> None:
    """Two modules that shadow libraries may hold the same bytes, and a third name may join two that collide."""
    (model / "types.py").write_bytes(b"")
    (model / "x.bin").write_bytes(GOOD)
    (model / "X.bin").write_bytes(GOOD)
    baseline = known(app.scan(str(model)))
    assert against(model, baseline).outcome() == "clean"
    (model / "torch.py").write_bytes(b"")
    assert loud(against(model, baseline)) == {("torch.py", "shadowing-module")}
    (model / "torch.py").rename(model / "x.BIN")
    assert "colliding-names" in {rule for _, rule in loud(against(model, baseline))}


def loud(scan: ScanResult) -> set[tuple[str, str]]:
    said = [(place.file, place.said) for place in scan.new]
    return {(path, word.rule.id) for path, word in said if isinstance(word, Finding) and word.severity > Severity.LOW}


def test_what_is_said_of_the_tree_holds_for_that_tree_alone(model: Path) -> None:
    (model / "modeling_x.py").write_bytes(b"")
    (model / "config.json").write_bytes(b'{"auto_map": {"A": "modeling_x.Y"}}')
    first = app.scan(str(model))
    assert against(model, known(first)).outcome() == "clean"
    (model / "modeling_x.py").write_bytes(b"import os\n")
    assert against(model, known(first)).outcome() == "flagged"


def test_what_could_not_be_examined_is_in_no_baseline(model: Path) -> None:
    (model / "cut.pkl").write_bytes(GOOD[:-3])
    first = app.scan(str(model))
    again = against(model, known(first))
    assert again.outcome() == "incomplete"
    assert again.unexamined == first.unexamined
    assert b"cut" not in make_baseline([first], Severity.INFO)


def test_a_baseline_lists_what_would_be_flagged() -> None:
    scan = scanned(found(CALL), found(NAME), found(CLASS), gap())
    rules = [
        {entry["rule"] for entry in json.loads(make_baseline([scan], severity))["findings"]}
        for severity in (Severity.CRITICAL, Severity.MEDIUM, Severity.LOW)
    ]
    assert rules == [{CALL.id}, {CALL.id, NAME.id}, {CALL.id, NAME.id, CLASS.id}]


def test_a_baseline_is_canonical_and_names_no_place(model: Path) -> None:
    scan = app.scan(str(model))
    made = make_baseline([scan, scan], Severity.MEDIUM)
    assert made == canonical.encode(json.loads(made)) == make_baseline([scan], Severity.MEDIUM)
    assert b"model" not in made.replace(b"modelward/baseline/1", b"")
    assert json.loads(make_baseline([], Severity.INFO)) == {"schema": "modelward/baseline/1", "findings": []}


@pytest.mark.parametrize("inside", ["\ud800", "a\\", "\x00", "ü"])
def test_any_name_inside_can_be_told_again(inside: str) -> None:
    scan = scanned(found(at=2**60, inside=(inside,)))
    assert mark_known(scan, known(scan)).outcome() == "clean"
    assert mark_known(scanned(found(at=2**60, inside=(inside + "x",))), known(scan)).outcome() == "flagged"


ENTRY: dict[str, object] = {"rule": "r", "severity": "high", "digest": "d", "inside": [], "span": None, "says": None}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schema":"modelward/scan/1","findings":[]}',
        b'{"schema":"modelward/baseline/1"}',
        b'{"schema":"modelward/baseline/1","findings":7}',
        b'{"schema":"modelward/baseline/1","findings":{"a":1}}',
        b'{"schema":"modelward/baseline/1","findings":[7]}',
        json.dumps({"schema": "modelward/baseline/1", "findings": [ENTRY | {"more": 1}]}).encode(),
        json.dumps({"schema": "modelward/baseline/1", "findings": [ENTRY], "more": 1}).encode(),
        json.dumps({"schema": "modelward/baseline/1", "findings": [{"rule": "r"}]}).encode(),
        json.dumps({"schema": "modelward/baseline/1", "findings": [ENTRY | {"span": 2**53}]}).encode(),
        json.dumps({"schema": "modelward/baseline/1", "findings": [ENTRY | {"span": float("nan")}]}).encode(),
        b'{"schema":"modelward/baseline/1","findings":[1e999]}',
        b'{"schema":"modelward/baseline/1","findings":[],"findings":[]}',
        b'{"schema":"modelward/baseline/1","findings":[]}' * 2,
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_baseline_is_an_error(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "b.json").write_bytes(body)
    with pytest.raises(UsageError, match=r"is no baseline \(.*\): expected what --write-baseline wrote$"):
        read_baseline(str(tmp_path / "b.json"))


@pytest.mark.parametrize("path", ["gone.json", ".", "a\0b"])
def test_a_baseline_that_cannot_be_read(path: str) -> None:
    with pytest.raises(UsageError, match=r"^--baseline '.*': .*; --write-baseline makes one$"):
        read_baseline(path)


# --- the command ---


def test_write_once_then_only_what_is_new_fails(model: Path) -> None:
    def scan(*args: str) -> tuple[int, str]:
        done = piped("scan", "model", *args, program=REAL, cwd=model.parent)
        assert done.stderr == ""
        return done.returncode, done.stdout

    assert scan()[0] == 1
    code, shown = scan("--write-baseline", "b.json")
    assert code == 0
    assert "baselined pickle-dangerous-call in old.pkl\n" in shown
    assert "critical[" not in shown
    assert shown.endswith("clean: 2 info, 0 unexamined, 1 baselined, 2 files (exit 0)\n")
    assert scan("--baseline", "b.json") == (code, shown)
    (model / "new.pkl").write_bytes(WORSE)
    code, shown = scan("--baseline", "b.json")
    assert code == 1
    assert shown.count("critical[") == 1 and "  at   new.pkl" in shown
    code, shown = scan("--baseline", "b.json", "--format", "json")
    report = json.loads(shown)
    assert [finding["file"] for finding in report["baselined"]] == ["old.pkl"]
    assert {finding["file"] for finding in report["findings"]} >= {"old.pkl", "new.pkl"}
    results = json.loads(scan("--baseline", "b.json", "--format", "sarif")[1])["runs"][0]["results"]
    suppressed = [result for result in results if "suppressions" in result]
    assert [result["ruleId"] for result in suppressed] == ["pickle-dangerous-call"]
    assert scan("--baseline", "b.json", "--write-baseline", "b.json")[0] == 0
    assert scan("--baseline", "b.json")[0] == 0


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (
            ["scan", "model", "--baseline", "gone"],
            "--baseline 'gone': no such file or directory; --write-baseline makes one",
        ),
        (["scan", "model", "--write-baseline", "."], "--write-baseline '.' is a folder: name a file"),
        (["scan", "model", "--write-baseline", "no/b"], "--write-baseline 'no/b': there is no folder 'no'"),
        (
            ["check", "model", "--baseline", "b"],
            "check takes no baseline: what a policy denies is accepted only by a waiver in the policy file "
            "(rule, digest, expires, reason). scan takes one. (see modelward check --help)",
        ),
        (["scan", "model", "--trust-stat"], "--trust-stat needs a cache to compare with: name one with --cache DIR"),
    ],
)
def test_a_wrong_command_line_is_one_line(model: Path, args: list[str], line: str) -> None:
    done = piped(*args, program=REAL, cwd=model.parent)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"modelward: error: {line}\n")


def test_a_cache_that_is_of_no_use_is_one_line_and_no_other_result(model: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file")
    plain = piped("scan", "model", program=REAL, cwd=tmp_path)
    done = piped("scan", "model", "--cache", "cache", program=REAL, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (plain.returncode, plain.stdout)
    assert done.stderr.startswith("modelward: warning: the cache 'cache/") and done.stderr.count("\n") == 1
    done = piped("check", "model", program=REAL, cwd=tmp_path, env={"MODELWARD_CACHE": "cache"})
    assert done.stderr.startswith("modelward: warning: ")
    done = piped("check", "model", "--no-cache", program=REAL, cwd=tmp_path, env={"MODELWARD_CACHE": "cache"})
    assert done.stderr == ""


def test_nothing_is_written_that_was_not_named(model: Path, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "xdg"), "PYTHONDONTWRITEBYTECODE": "1"}
    piped("scan", "model", program=REAL, cwd=tmp_path, env=env)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    piped("scan", "model", "--cache", "kept", program=REAL, cwd=tmp_path, env=env)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "model"]
