"""What other tools have written: their findings count as gravely as they say, and no damage makes them cleaner."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks import foreign
from modelward.checks.foreign import rules
from modelward.cli.commands import run
from modelward.core.errors import Malformed
from modelward.core.finding import Location, Rule, Severity

VULNS = "https://in-toto.io/attestation/vulns/v0.2"
COSIGN = "https://cosign.sigstore.dev/attestation/vuln/v1"
CUSTOM = "https://cosign.sigstore.dev/attestation/v1"
TEST = "https://in-toto.io/attestation/test-result/v0.1"
SVR = "https://in-toto.io/attestation/svr/v0.1"
VSA = "https://slsa.dev/verification_summary/v1"
SARIF_TYPE = "http://docs.oasis-open.org/sarif/sarif/2.1.0"


def said(kind: str, predicate: object) -> tuple[list[str], list[str]]:
    """The rules that fired, in order, and the gaps. The type must be one that is read."""
    read = foreign.read(kind, predicate, Location(None))
    assert read is not None
    findings, gaps = read
    assert all(gap.at.inside == (f"evidence://{kind}",) for gap in gaps)
    return [finding.rule.id.removeprefix("foreign-").removesuffix("-result") for finding in findings], [
        gap.why for gap in gaps
    ]


def vulns(*results: object) -> dict[str, Any]:
    return {"scanner": {"uri": "pkg:github/x/y", "result": list(results)}, "metadata": {}}


def vuln(score: str = "high", method: str = "nvd") -> dict[str, Any]:
    return {"id": "CVE-2024-1", "severity": [{"method": method, "score": score}]}


def sarif(*results: object, **more: object) -> dict[str, Any]:
    driver = {"name": "scanner", "rules": [{"id": "A", "properties": {"security-severity": "9.8"}}, {"id": "B"}]}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results)} | more]}


def trivy(*vulnerabilities: object) -> dict[str, Any]:
    return {
        "SchemaVersion": 2,
        "ArtifactName": "x",
        "Results": [{"Target": "x", "Vulnerabilities": [*vulnerabilities]}],
    }


def grype(*matches: object) -> dict[str, Any]:
    return {"matches": [*matches], "descriptor": {"name": "grype"}}


def modelscan(*issues: object, skipped: int = 0, scanned: int = 1, errors: int = 0) -> dict[str, Any]:
    return {
        "summary": {
            "total_issues": len(issues),
            "scanned": {"total_scanned": scanned},
            "skipped": {"total_skipped": skipped, "skipped_files": [{"source": "README.md"}][:skipped]},
        },
        "issues": [*issues],
        "errors": [{"category": "MODEL_SCAN", "description": "it broke"}] * errors,
    }


def modelaudit(*issues: object, **more: object) -> dict[str, Any]:
    return {"issues": [*issues], "files_scanned": 1, "has_errors": False, "success": True, "checks": []} | more


ISSUE = {
    "description": "use of system",
    "module": "posix",
    "operator": "system",
    "source": "a.pkl",
    "severity": "CRITICAL",
}
AUDIT = {"message": "persistent id", "severity": "warning", "location": "a.pkl", "rule_code": "S212"}
TRIVY = {"VulnerabilityID": "CVE-1", "PkgName": "p", "InstalledVersion": "1", "Severity": "HIGH"}
GRYPE = {"vulnerability": {"id": "CVE-1", "severity": "Low"}, "artifact": {"name": "p", "version": "1"}}

CLEAN: Mapping[str, tuple[str, Any]] = {
    "vulns": (VULNS, vulns()),
    "vulns 0.1": (VULNS.replace("0.2", "0.1"), vulns()),
    "cosign": (COSIGN, {"scanner": {"result": trivy()}}),
    "cosign, first version": (COSIGN.removeprefix("https://"), {"scanners": [{"result": grype()}]}),
    "sarif": (SARIF_TYPE, sarif()),
    "modelscan": ("https://example.org/modelscan", modelscan()),
    "modelaudit": (COSIGN, {"scanner": {"result": modelaudit()}}),
    "custom": (CUSTOM, {"Data": json.dumps(sarif()), "Timestamp": ""}),
    "witness": ("https://witness.dev/attestations/sarif/v0.1", {"reportFileName": "x", "report": sarif()}),
    "collection": (
        "https://witness.testifysec.com/attestation-collection/v0.1",
        {"name": "scan", "attestations": [{"type": "x", "attestation": {"report": sarif()}}]},
    ),
    "test": (TEST, {"result": "PASSED", "configuration": []}),
    "svr": (SVR, {"verifier": {"id": "x"}, "timeCreated": "x", "properties": ["SLSA_BUILD_LEVEL_3"]}),
    "vsa": (VSA, {"verifier": {"id": "x"}, "verificationResult": "PASSED", "verifiedLevels": ["SLSA_BUILD_LEVEL_3"]}),
}

FOUND: Mapping[str, tuple[str, Any, list[str]]] = {
    "vulns": (VULNS, vulns(vuln()), ["high"]),
    "the worst of several ratings": (
        VULNS,
        vulns({"id": "x", "severity": [{"method": "nvd", "score": "low"}, {"method": "cvss_score", "score": "9.9"}]}),
        ["critical"],
    ),
    "an object for a rating": (VULNS, vulns({"id": "x", "severity": {"method": "nvd", "score": "medium"}}), ["medium"]),
    "the prose of 0.1": (VULNS.replace("0.2", "0.1"), vulns({"vulnerability": vuln("low")}), ["low"]),
    "no rating": (VULNS, vulns({"id": "x"}, {"id": "y", "severity": []}), ["unrated"] * 2),
    "another scale": (VULNS, vulns(vuln("0.97", "epss")), ["unrated"]),
    "no id": (VULNS, vulns({"severity": [{"method": "nvd", "score": "low"}]}), ["low"]),
    "the worst first": (VULNS, vulns(vuln("low"), {"id": "x"}, vuln("high")), ["unrated", "high", "low"]),
    "trivy": (COSIGN, {"scanner": {"result": trivy(TRIVY)}}, ["high"]),
    "trivy by score": (
        COSIGN,
        {"scanner": {"result": trivy(TRIVY | {"Severity": "UNKNOWN", "CVSS": {"nvd": {"V3Score": 5}}})}},
        ["medium"],
    ),
    "trivy unrated": (COSIGN, {"scanner": {"result": trivy(TRIVY | {"Severity": "UNKNOWN"})}}, ["unrated"]),
    "trivy secret": (
        COSIGN,
        {
            "scanner": {
                "result": trivy()
                | {
                    "Results": [
                        {
                            "Target": "x",
                            "Secrets": [{"RuleID": "aws", "Severity": "CRITICAL"}],
                            "Misconfigurations": [
                                {"ID": "a", "Status": "PASS", "Severity": "HIGH"},
                                {"ID": "b", "Status": "EXCEPTION", "Severity": "LOW"},
                            ],
                        }
                    ]
                }
            }
        },
        ["critical", "low"],
    ),
    "grype": (COSIGN, {"scanners": [{"result": grype(GRYPE)}, {"result": grype()}]}, ["low"]),
    "grype ignores": (COSIGN, {"scanner": {"result": grype() | {"ignoredMatches": [GRYPE]}}}, ["low"]),
    "a list": (COSIGN, {"scanner": {"result": [vuln()]}}, ["high"]),
    "a report under a type that is none of it": (COSIGN, sarif({"ruleId": "B"}), ["medium"]),
    "sarif by the score of its rule": (SARIF_TYPE, sarif({"ruleId": "A", "level": "note"}), ["critical"]),
    "sarif by index": (SARIF_TYPE, sarif({"ruleIndex": 0}), ["critical"]),
    "sarif by default": (SARIF_TYPE, sarif({"ruleId": "B", "message": {"text": "x"}}), ["medium"]),
    "sarif by level": (SARIF_TYPE, sarif({"ruleId": "B", "level": "error"}, {"level": "note"}), ["high", "low"]),
    "sarif suppressed": (SARIF_TYPE, sarif({"level": "error", "suppressions": [{"kind": "external"}]}), ["high"]),
    "sarif of unknown level": (SARIF_TYPE, sarif({"ruleId": "A", "level": "grave"}), ["unrated"]),
    "sarif overridden": (
        SARIF_TYPE,
        sarif({"ruleId": "B"}, invocations=[{"executionSuccessful": True, "ruleConfigurationOverrides": [{}]}]),
        ["unrated"],
    ),
    "sarif that passed": (SARIF_TYPE, sarif({"kind": "pass"}, {"kind": "informational"}), ["minor"]),
    "modelscan": ("https://example.org/modelscan", modelscan(ISSUE), ["critical"]),
    "modelaudit": (COSIGN, {"scanner": {"result": modelaudit(AUDIT)}}, ["medium"]),
    "custom": (CUSTOM, {"Data": json.dumps(modelscan(ISSUE)), "Timestamp": ""}, ["critical"]),
    "witness": ("https://witness.dev/attestations/sarif/v0.1", {"report": sarif({"ruleId": "B"})}, ["medium"]),
    "collection": (
        "https://witness.testifysec.com/attestation-collection/v0.1",
        {"attestations": [{"attestation": {"report": sarif()}}, {"attestation": {"report": sarif({"ruleId": "B"})}}]},
        ["medium"],
    ),
    "test": (TEST, {"result": "FAILED"}, ["failed-test"]),
    "test that contradicts itself": (TEST, {"result": "PASSED", "failedTests": ["a"]}, ["failed-test"]),
    "test with warnings": (TEST, {"result": "WARNED", "warnedTests": None}, ["test-warning"]),
    "vsa": (VSA, {"verifier": {"id": "x"}, "verificationResult": "FAILED"}, ["failed-verification"]),
    "vsa as Go writes it": (VSA, {"verificationResult": "FAILED", "verifiedLevels": None}, ["failed-verification"]),
    "vsa by level": (
        VSA,
        {"verificationResult": "PASSED", "verifiedLevels": ["FAILED"]},
        ["failed-verification"],
    ),
    "vsa 0.2": (VSA.replace("v1", "v0.2"), {"verification_result": "FAILED"}, ["failed-verification"]),
}
GAPS: Mapping[str, tuple[str, Any]] = {
    "no result": (VULNS, {"scanner": {"uri": "x"}}),
    "null as Go writes it": (COSIGN, {"scanner": {"uri": "", "result": None}}),
    "a result of another form": (COSIGN, {"scanner": {"result": {"osv": 1}}}),
    "an empty result": (COSIGN, {"scanner": {"result": {}}}),
    "no object": (VULNS, vulns(3)),
    "trivy met nothing": (COSIGN, {"scanner": {"result": {"SchemaVersion": 2, "ArtifactName": "x"}}}),
    "trivy was told to": (
        COSIGN,
        {"scanner": {"result": trivy() | {"Results": [{"Target": "x", "ExperimentalModifiedFindings": [{}]}]}}},
    ),
    "trivy by another type": (
        COSIGN,
        {"scanner": {"result": trivy() | {"Results": [{"Target": "x", "Vulnerabilities": "none"}]}}},
    ),
    "grype without matches": (COSIGN, {"scanner": {"result": grype() | {"matches": None}}}),
    "sarif without results": (SARIF_TYPE, sarif() | {"runs": [{"tool": {"driver": {"name": "x"}}}]}),
    "sarif without runs": (SARIF_TYPE, sarif() | {"runs": []}),
    "sarif of another version": (SARIF_TYPE, sarif() | {"version": "3.0.0"}),
    "sarif that failed": (SARIF_TYPE, sarif(invocations=[{"executionSuccessful": False}])),
    "sarif with an error": (
        SARIF_TYPE,
        sarif(invocations=[{"executionSuccessful": True, "toolExecutionNotifications": [{"level": "error"}]}]),
    ),
    "sarif with a warning by default": (
        SARIF_TYPE,
        sarif(invocations=[{"executionSuccessful": True, "toolConfigurationNotifications": [{}, {"level": "note"}]}]),
    ),
    "sarif elsewhere": (SARIF_TYPE, sarif(externalPropertyFileReferences={"results": [{}]})),
    "sarif undecided": (SARIF_TYPE, sarif({"kind": "review"})),
    "sarif of unknown kind": (SARIF_TYPE, sarif({"kind": ["fail"]})),
    "modelscan skipped": (COSIGN, {"scanner": {"result": modelscan(skipped=1)}}),
    "modelscan failed": (COSIGN, {"scanner": {"result": modelscan(errors=1)}}),
    "modelscan saw nothing": (COSIGN, {"scanner": {"result": modelscan(scanned=0)}}),
    "modelscan counts": (COSIGN, {"scanner": {"result": modelscan(ISSUE) | {"issues": []}}}),
    "modelaudit failed": (COSIGN, {"scanner": {"result": modelaudit(has_errors=True)}}),
    "modelaudit did not succeed": (COSIGN, {"scanner": {"result": modelaudit(success=False)}}),
    "modelaudit saw nothing": (COSIGN, {"scanner": {"result": modelaudit(files_scanned=0)}}),
    "modelaudit skipped": (COSIGN, {"scanner": {"result": modelaudit(checks=[{"status": "skipped", "name": "x"}])}}),
    "tests that are no list": (TEST, {"result": "PASSED", "failedTests": "a"}),
    "levels that are no list": (VSA, {"verificationResult": "PASSED", "verifiedLevels": "FAILED"}),
    "test skipped": (TEST, {"result": "SKIPPED"}),
    "nothing passed": (SVR, {"verifier": {"id": "x"}, "properties": []}),
    "neither passed nor failed": (VSA, {"verifier": {"id": "x"}, "verificationResult": "UNKNOWN"}),
}
REFUSED: tuple[tuple[str, object], ...] = (
    (VULNS, None),
    (VULNS, []),
    (VULNS, {}),
    (VULNS, {"scanner": "trivy"}),
    (COSIGN, {"scanners": []}),
    (COSIGN, {"scanners": ["trivy"]}),
    (TEST, {}),
    (TEST, {"result": True}),
    (VSA, {"verificationResult": None}),
    (SVR, {"properties": "SLSA_BUILD_LEVEL_3"}),
    (SVR, {"properties": [1]}),
)


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_report_says_nothing(name: str) -> None:
    assert said(*CLEAN[name]) == ([], [])


@pytest.mark.parametrize("name", FOUND)
def test_findings_are_as_grave_as_they_say(name: str) -> None:
    kind, predicate, expected = FOUND[name]
    assert said(kind, predicate) == (expected, [])


@pytest.mark.parametrize("name", GAPS)
def test_what_did_not_end_well_or_is_not_understood_is_a_gap(name: str) -> None:
    findings, gaps = said(*GAPS[name])
    assert findings == []
    assert gaps


@pytest.mark.parametrize(("kind", "predicate"), REFUSED)
def test_what_is_no_predicate_of_its_type_is_refused(kind: str, predicate: object) -> None:
    with pytest.raises(Malformed):
        foreign.read(kind, predicate, Location(None))


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [
        ("https://slsa.dev/provenance/v1", {"buildDefinition": {}}),
        ("https://slsa.dev/provenance/v1", None),
        ("https://cyclonedx.org/bom", {"bomFormat": "CycloneDX"}),
        (CUSTOM, {"Data": "foo\n"}),
        (CUSTOM, {"Data": "[" * 100_000}),
        (CUSTOM, {"Data": 3}),
        (CUSTOM, None),
    ],
)
def test_what_nobody_reads_is_not_read(kind: str, predicate: object) -> None:
    assert foreign.read(kind, predicate, Location(None)) is None


def test_a_finding_names_the_tool_the_rating_and_the_type() -> None:
    read = foreign.read(VULNS, vulns(vuln()), Location(None))
    assert read
    (finding,), _ = read
    assert finding.message == "CVE-2024-1"
    assert finding.evidence == (("by", "pkg:github/x/y"), ("rated", "nvd high"), ("stated in", VULNS))


@pytest.mark.parametrize(
    ("data", "flagged", "incomplete"),
    [(b"cposix\nsystem\n.", True, False), (b"\x80\x04", False, True), (b"{}", False, False)],
)
def test_our_own_sarif_says_of_itself_what_we_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, flagged: bool, incomplete: bool
) -> None:
    (tmp_path / "x.pkl").write_bytes(data)
    run(["scan", str(tmp_path / "x.pkl"), "--format", "sarif"])
    findings, gaps = said(SARIF_TYPE, json.loads(capsys.readouterr().out))
    assert (bool({"critical", "high"} & {*findings}), bool(gaps)) == (flagged, incomplete)


# --- laws ---

BASE = {
    name: (kind, predicate)
    for name, (kind, predicate, _) in FOUND.items()
    if kind in (VULNS, COSIGN, TEST, VSA) and name != "vsa by level"
}
OTHERS: tuple[object, ...] = (None, True, 0, "", "x", {}, {"x": 1}, [], [[]], ["x"])


def places(value: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*at, key))


def put(value: Any, at: tuple[str | int, ...], other: object) -> Any:
    if not at:
        return other
    changed = deepcopy(value)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = other
    return changed


def is_clean(kind: str, predicate: object) -> bool:
    try:
        return said(kind, predicate) == ([], [])
    except Malformed:
        return False


@pytest.mark.parametrize("name", BASE)
def test_another_type_in_any_place_is_never_clean(name: str) -> None:
    """But for a list that is empty where it says that nothing was found, or absent as Go leaves out empty ones."""
    kind, predicate = BASE[name]
    for at in places(predicate):
        for other in OTHERS:
            if is_clean(kind, put(predicate, at, other)):
                assert (other in ([], None) and at[-1] in LISTS) or (at[-1] == "result" and other == []), (at, other)


LISTS = ("results", "matches", "ignoredMatches", "issues", "Vulnerabilities", "failedTests")

KEYS = (
    "scanner scanners result runs version results issues errors summary matches descriptor files_scanned has_errors "
    "tool id severity score method kind level driver rules ruleId ruleIndex SchemaVersion ArtifactName Results Target "
    "Vulnerabilities CVSS Severity report attestations attestation invocations Data"
).split()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
KINDS = st.sampled_from([VULNS, COSIGN, CUSTOM, TEST, SVR, VSA, SARIF_TYPE])


@given(KINDS, JSON)
def test_whatever_it_is_it_is_read_refused_or_left(kind: str, predicate: object) -> None:
    try:
        read = foreign.read(kind, predicate, Location(None))
    except Malformed:
        return
    assert read is None or all(len(finding.message) < 1000 for finding in read[0])


ENTRIES = st.lists(
    st.builds(vuln, st.sampled_from(["low", "medium", "high", "critical", "?", "7.5"])) | JSON, max_size=4
)


@given(ENTRIES, ENTRIES)
def test_more_results_never_take_one_away(some: list[object], more: list[object]) -> None:
    before, after = (foreign.read(VULNS, vulns(*each), Location(None)) for each in (some, [*some, *more]))
    assert before and after
    assert set(before[0]) <= set(after[0])
    assert len(before[1]) <= len(after[1])


def test_of_too_many_the_gravest_are_kept_and_the_rest_is_told() -> None:
    many = [vuln("low") | {"id": f"CVE-{n}"} for n in range(2_000)]
    findings, gaps = said(VULNS, vulns(*many, vuln("critical")))
    assert (len(findings), findings[0]) == (1_000, "critical")
    assert "only 1,000 of its 2,001 results" in gaps[0]


# --- the rules ---


def test_every_rule_fires() -> None:
    reads = [foreign.read(kind, predicate, Location(None)) for kind, predicate, _ in FOUND.values()]
    assert {finding.rule.id for read in reads if read for finding in read[0]} == set(foreign.RULES)


@pytest.mark.parametrize("rule", foreign.RULES.values(), ids=lambda rule: str(rule.id))
def test_every_rule_is_well_formed(rule: Rule) -> None:
    assert re.fullmatch(r"foreign(-[a-z]+)+", rule.id)
    assert re.fullmatch(r"[a-z0-9].{9,79}(?<![.,:;!])", rule.title)
    assert all(re.fullmatch(r"[A-Z].{1,298}[.]", text) for text in (rule.why, rule.do))
    assert all(re.fullmatch(r"CWE-\d+|https://\S+", reference) for reference in rule.references)


def test_each_severity_has_its_rule_and_what_is_unknown_counts_as_the_worst() -> None:
    assert {severity: rules.rule_for(severity).severity for severity in Severity} == {each: each for each in Severity}
    assert rules.UNRATED.severity == Severity.CRITICAL
