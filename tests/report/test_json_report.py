"""The JSON report: exact shapes, canonical bytes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from tests.report.hostile import checks, scans
from tests.report.samples import NAME, checked, found, gap, lone, scanned

from modelward.core import canonical
from modelward.core.finding import Severity
from modelward.core.result import Failure, Reason, Report, Waived
from modelward.report import machine


def body(*reports: Report, fail_on: Severity = Severity.MEDIUM) -> Any:
    return json.loads(machine.render(reports, fail_on))


def test_the_shape_of_a_scan() -> None:
    call = found(inside=("archive/data.pkl",), does="os.system('id')")
    assert body(scanned(call, gap())) == {
        "schema": "modelward/scan/1",
        "digest": {"algorithm": "sha3_256", "value": "ab" * 32},
        "outcome": "flagged",
        "findings": [
            {
                "rule": "pickle-dangerous-call",
                "severity": "critical",
                "file": "optimizer.pkl",
                "inside": ["archive/data.pkl"],
                "span": [68, 69],
                "message": "loading this file runs a shell command",
                "evidence": {"does": "os.system('id')"},
            }
        ],
        "unexamined": [
            {
                "file": "big.safetensors",
                "inside": [],
                "why": "Git LFS pointer; the 123,456 bytes it names are not here",
            }
        ],
        "coverage": {"files": 4, "bytes": 4000, "examined_bytes": 4000},
        "rules": "0.1.0 sha256:" + "ef" * 32,
    }


def test_the_shape_of_a_check_is_that_of_a_scan_and_the_verdict() -> None:
    need = Reason("manifest", "need", "", "there is none")
    rule = Reason("pickle-dangerous-call", "rule", "optimizer.pkl", "critical")
    check = body(checked(scanned(found()), rule, need))
    scan = body(scanned(found()))
    digest = {"algorithm": "sha256", "value": "cd" * 32}
    assert {key: check[key] for key in scan if key != "schema"} == {k: v for k, v in scan.items() if k != "schema"}
    assert {key: value for key, value in check.items() if key not in scan or key == "schema"} == {
        "schema": "modelward/check/1",
        "decision": "deny",
        "policy": {"name": "baseline", "digest": digest},
        "reasons": [
            {"rule": "pickle-dangerous-call", "file": "optimizer.pkl", "why": "critical"},
            {"need": "manifest", "file": "", "why": "there is none"},
        ],
        "statements": [
            {"predicate_type": "urn:modelward:predicate:scan:1", "digest": digest},
            {"predicate_type": "urn:modelward:predicate:manifest:1", "digest": digest},
        ],
    }


def test_an_allow_by_waiver_says_what_was_waived() -> None:
    call = found()
    allowed = body(checked(scanned(call), waived=(Waived(call, "2027-01-01", "reviewed"),)))
    assert allowed["decision"] == "allow"
    assert [(waived["rule"], waived["until"], waived["reason"]) for waived in allowed["waived"]] == [
        ("pickle-dangerous-call", "2027-01-01", "reviewed")
    ]


def test_a_finding_without_a_position_has_no_span() -> None:
    assert body(lone(found(file="", at=None)))["findings"][0]["span"] is None


def test_positions_too_large_for_json_numbers_are_text() -> None:
    assert body(lone(found(file="", at=2**60)))["findings"][0]["span"] == [str(2**60), str(2**60 + 1)]


def test_the_outcome_follows_the_threshold() -> None:
    scan = scanned(found(NAME), gap())
    assert body(scan)["outcome"] == "flagged"
    assert body(scan, fail_on=Severity.HIGH)["outcome"] == "incomplete"
    assert body(scanned(found(NAME)), fail_on=Severity.HIGH)["outcome"] == "clean"


def test_several_targets_are_an_array_that_leaves_none_out() -> None:
    answers = body(scanned(), Failure("gone", "'gone' is not there", 2), scanned(found()))
    assert [answer.get("outcome") for answer in answers] == ["clean", None, "flagged"]
    assert answers[1] == {"schema": "modelward/error/1", "error": "'gone' is not there"}


@given(scans | checks)
def test_two_renders_are_the_same_canonical_bytes(report: Report) -> None:
    rendered = machine.render([report])
    assert rendered == machine.render([report])
    assert canonical.encode(json.loads(rendered)) + b"\n" == rendered
    assert not any(byte < 0x20 for byte in rendered[:-1])
