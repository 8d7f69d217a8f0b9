"""Records of OSV, and what is left of those that are not as they must be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deps.records import EXCERPT, NOW, entry, events, raw, read, record

from modelward.checks.deps import exploitation, osv
from modelward.checks.deps.matching import match
from modelward.core.advisory import Event
from modelward.core.finding import Severity

PYPI = {"ecosystem": "PyPI", "name": "no name"}
V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N"
V2 = "AV:N/AC:L/Au:N/C:C/I:C/A:C"


def scores(*vectors: str) -> list[dict[str, str]]:
    return [{"type": "CVSS", "score": vector} for vector in vectors]


def word(severity: Any) -> dict[str, Any]:
    return {"database_specific": {"severity": severity}}


def test_a_record() -> None:
    body = record(
        "PYSEC-2026-7",
        entry("Py_Torch", events(("introduced", "0"), ("fixed", "2.6.0")), versions=["1.0"]),
        {"package": {"ecosystem": "npm", "name": "torch"}},
        aliases=["GHSA-x", "CVE-2026-1", "PYSEC-2026-7", 5, "not an id\x1b[2J"],
        modified="2026-01-02T03:04:05.678+02:00",
        summary="a  line\nand another",
        references=[
            {"type": "PACKAGE", "url": "https://index.example/project/py-torch/"},
            {"type": "PACKAGE", "url": "https://code.example/project/other"},
            {"type": "WEB", "url": "https://other.example/project/py-torch"},
        ],
    )
    found = read(body)
    (affected,) = found.affected
    assert (affected.name, affected.versions, affected.unread) == ("py-torch", ("1.0",), "")
    assert affected.ranges == ((Event("introduced", "0"), Event("fixed", "2.6.0")),)
    assert found.advisory is not None
    assert found.advisory.aliases == ("CVE-2026-1", "GHSA-x")
    assert found.advisory.summary == "a line and another"
    assert found.modified == found.advisory.modified == "2026-01-02T01:04:05Z"
    assert found.indexes == {"index.example"}


def test_withdrawn_ones_are_no_advisories() -> None:
    found = read(record(withdrawn="2026-02-01T00:00:00Z"))
    assert found.advisory is None and not found.affected
    others: list[Any] = [None, "no", "", True, [], "2027-01-01T00:00:01Z"]  # the last is still to come
    for unsaid in others:
        assert read(record(withdrawn=unsaid)).advisory


@pytest.mark.parametrize(
    "body",
    [
        record("MAL-2026-1"),
        record(aliases=["MAL-2026-1"]),
        record(database_specific={"malware": True}),
        record(database_specific={"type": "malware"}),
        record(database_specific={"malicious-packages-origins": []}),
        record(database_specific={"cwe_ids": ["CWE-506"]}),
    ],
)
def test_malicious(body: Any) -> None:
    advisory = read(body).advisory
    assert advisory is not None and advisory.is_malicious


def test_not_malicious() -> None:
    values: list[Any] = [{"malware": False}, {"malware": "no"}, {"cwe_ids": ["CWE-502"]}, {}, None, []]
    for more in values:
        advisory = read(record(database_specific=more)).advisory
        assert advisory is not None and not advisory.is_malicious


@pytest.mark.parametrize(
    ("more", "severity", "score"),
    [
        ({}, None, ""),
        ({"severity": []}, None, ""),
        ({"severity": scores(V3)}, Severity.CRITICAL, V3),
        ({"severity": scores(V4)}, Severity.MEDIUM, V4),
        ({"severity": scores(V4, V3)}, Severity.CRITICAL, V3),
        ({"severity": scores(V2)}, Severity.CRITICAL, V2),
        ({"severity": scores(V2, V4)}, Severity.MEDIUM, V4),
        ({"severity": scores(V3.replace("H", "N"))}, None, ""),  # nobody warns of what cannot happen
        ({"severity": scores(V3.replace("H", "N"))} | word("high"), Severity.HIGH, "high"),
        ({"severity": scores("CVSS:3.1/AV:N", "CVSS:9.9/x", "", "x" * 10_000)}, None, ""),
        ({"severity": [5, {"score": 9.8}, {}]}, None, ""),
        (
            {"severity": scores("CVSS:3.1/AV:N"), "database_specific": {"severity": "MODERATE"}},
            Severity.MEDIUM,
            "moderate",
        ),
        (word("CRITICAL"), Severity.CRITICAL, "critical"),
        (word("UNKNOWN"), None, ""),
        (word(9), None, ""),
    ],
)
def test_severity(more: dict[str, Any], severity: Severity | None, score: str) -> None:
    advisory = read(record(**more)).advisory
    assert advisory is not None and (advisory.severity, advisory.score) == (severity, score)


def test_severity_of_a_package() -> None:
    advisory = read(record("GHSA-1", entry("torch", events(("introduced", "0")), severity=scores(V3)))).advisory
    assert advisory is not None and advisory.severity is Severity.CRITICAL


@pytest.mark.parametrize(
    "broken",
    [
        entry("torch", versions=[5]),
        entry("torch", versions=[""]),
        entry("torch", versions=["1" * 300]),
        entry("torch") | {"versions": "1.0"},
        entry("torch") | {"ranges": "all"},
        entry("torch", {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0"}]}),
        entry("torch", {"type": "ECOSYSTEM", "events": []}),
        entry("torch", {"type": "ECOSYSTEM"}),
        entry("torch", events(("fixed", "1.0"))),
        entry("torch", events(("introduced", "0"), ("superseded", "1.0"))),
        entry("torch", {"type": "ECOSYSTEM", "events": [{"introduced": "0", "fixed": "1.0"}]}),
        entry("torch", {"type": "ECOSYSTEM", "events": [{"introduced": 0}]}),
        entry("torch"),
    ],
)
def test_what_is_not_understood_keeps_its_name(broken: Any) -> None:
    (affected,) = read(record("PYSEC-2026-1", broken)).affected
    assert affected.name == "torch" and affected.unread


@pytest.mark.parametrize(
    ("body", "is_record"),
    [
        ({"name": "x"}, False),
        ([], False),
        ("text", False),
        (None, False),
        (record(schema_version="2.0.0"), True),
        (record(schema_version=1), True),
        (record() | {"affected": "torch"}, True),
        (record() | {"affected": ["torch"]}, True),
        (record() | {"affected": [{"package": "torch"}]}, True),
        (record() | {"affected": [{"package": {"name": "torch"}}]}, True),
        (record() | {"affected": [{"package": {"ecosystem": "PyPI"}}]}, True),
        (record() | {"affected": [{"package": {"ecosystem": "PyPI", "name": "t\u043erch"}}]}, True),
    ],
)
def test_unreadable(body: Any, is_record: bool) -> None:
    with pytest.raises(osv.Unreadable) as caught:
        osv.read(osv.document(raw(body)), NOW)
    assert caught.value.is_record is is_record


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"id": "PYSEC-1", "id": "PYSEC-2", "affected": []}',
        b'{"id": NaN}',
        b'{"id": "\xff"}',
        b'{"id": ' + b"9" * 5_000 + b"}",
        b'{"id": ' + b"[" * 500_000,
        "{}".encode("utf-16"),
        b" " * (osv.LARGEST + 1),
    ],
)
def test_no_document(text: bytes) -> None:
    with pytest.raises(osv.Unreadable):
        osv.document(text)


def test_an_id_that_is_missing() -> None:
    ids = set()
    for number in range(2):
        for id_ in ("a b", "\ud800", 5, None):
            found = read(record(modified=f"2026-01-0{number + 1}T00:00:00Z") | {"id": id_})
            assert found.id.startswith("unnamed-") and found.affected[0].id == found.id
            ids.add(found.id)
    assert len(ids) == 8  # none stands in the place of another


def test_names_by_purl_and_of_other_ecosystems() -> None:
    by_purl = {"package": {"purl": "pkg:pypi/Torch@1.0?x=y"}, "versions": ["1.0"]}
    assert read(record("GHSA-1", by_purl)).affected[0].name == "torch"
    for ecosystem in ("PyPI", "pypi", " PyPI ", "PyPI:https://index.example/simple", "pip", "", None):
        package = {"ecosystem": ecosystem, "name": "torch", "purl": "pkg:pypi/torch"}
        assert read(record("GHSA-1", {"package": package, "versions": ["1.0"]})).affected[0].name == "torch"
    elsewhere = record("GHSA-1", {"package": {"ecosystem": "npm", "name": "torch"}})
    assert osv.read(osv.document(raw(elsewhere)), NOW) is None
    assert osv.read(osv.document(raw(record("CVE-1") | {"affected": [{"ranges": []}]})), "") is None


WORDS = st.sampled_from(["PyPI", "ECOSYSTEM", "0", "torch"])
KEYS = st.sampled_from("id modified affected package ecosystem name ranges type events introduced versions".split())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@given(JSON)
def test_whatever_stands_there(body: Any) -> None:
    for each in (body, {"id": "PYSEC-1", "affected": body}, record("PYSEC-1", {"package": body})):
        try:
            found = osv.read(osv.document(raw(each)), NOW)
        except osv.Unreadable as error:
            assert str(error)
        else:
            assert found is None or found.id


@given(st.data())
def test_damage_never_hides_a_package(data: st.DataObject) -> None:
    """Any part of an entry may be replaced: the record is refused, or the package is still named."""
    body = record("PYSEC-2026-1", entry("torch", events(("introduced", "0"), ("fixed", "2.6.0")), versions=["1.0"]))
    key = data.draw(st.sampled_from(["ranges", "versions", "severity", "database_specific"]))
    body["affected"][0][key] = data.draw(JSON)
    found = read(body)
    assert [each.name for each in found.affected] == ["torch"]


def test_excerpt_is_read_whole() -> None:
    found = [read(json.loads(path.read_bytes()), path.name) for path in sorted(EXCERPT.glob("*.json"))]
    assert len(found) == 72 and sum(each.advisory is None for each in found) == 2
    assert not any(affected.unread for each in found for affected in each.affected)


def test_exploitation() -> None:
    body = {"catalogVersion": "1", "count": 1, "dateReleased": "2026-01-01T00:00:00Z"}
    found = exploitation.kev(body | {"vulnerabilities": [{"cveID": "CVE-2026-1000", "dateAdded": "2026-01-01"}]})
    assert found == ("2026-01-01T00:00:00Z", {"CVE-2026-1000": "2026-01-01"})
    broken: list[Any] = [[{}], [5], {}, [], [{"cveID": "CVE-2026-1000", "dateAdded": "soon"}]]
    for entries in broken:
        with pytest.raises(osv.Unreadable):
            exploitation.kev(body | {"vulnerabilities": entries})


def test_likelihood() -> None:
    head = b"#model_version:v2025.03.14,score_date:2026-05-18T00:00:00Z\n"
    text = b"cve,epss,percentile\nCVE-2026-1000,0.0046,0.7\n"
    assert exploitation.epss(head + text) == ("2026-05-18T00:00:00Z", {"CVE-2026-1000": 0.0046})
    assert exploitation.epss(text).date == ""
    assert exploitation.epss(head.replace(b"00Z", b"00+0000") + text).date == "2026-05-18T00:00:00Z"
    for old, new in (
        (b"cve,epss", b"id"),
        (b"0.0046", b"1.5"),
        (b"CVE-", b"cve-"),
        (b"0.0046", b"nan"),
        (b",0.0046,0.7", b""),
    ):
        with pytest.raises(osv.Unreadable):
            exploitation.epss(head + text.replace(old, new))


@pytest.mark.parametrize("broken", ["torch", None, {"package": 5}, {"package": {"name": "x"}}, {"package": PYPI}])
def test_one_entry_that_is_not_understood_hides_no_other(broken: Any) -> None:
    found = read(record("MAL-2026-1", broken, entry("torch", versions=["1.0"])))
    assert [each.name for each in found.affected] == ["torch"] and found.unread


def test_one_version_that_is_not_understood_hides_no_other() -> None:
    (affected,) = read(record("MAL-2026-1", entry("torch", versions=["1.0", 5, "", "2.0"]))).affected
    assert affected.versions == ("1.0", "2.0") and affected.unread


def test_everything_is_everything_in_any_order_of_versions() -> None:
    (affected,) = read(record("MAL-2026-1", entry("torch", events(("introduced", "0")) | {"type": "SEMVER"}))).affected
    assert match("1.0", affected) == "affected"


@pytest.mark.parametrize("body", [[record()], {"vulns": [record()]}, {"results": 5, "advisory": record()}])
def test_many_records_in_one_document_are_not_overlooked(body: Any) -> None:
    with pytest.raises(osv.Unreadable) as caught:
        osv.read(body, NOW)
    assert caught.value.is_record


@pytest.mark.parametrize("body", [{}, [], {"name": "a-tool", "files": ["a"]}, [{"id": 1}], "torch", None, 5])
def test_what_else_lies_there_is_no_record(body: Any) -> None:
    with pytest.raises(osv.Unreadable) as caught:
        osv.read(body, NOW)
    assert not caught.value.is_record


@pytest.mark.parametrize("head", [b"", b"#model_version:v1,score_date:2026-05-18T00:00:00Z\n"])
def test_scores_without_one_are_cut_off(head: bytes) -> None:
    with pytest.raises(osv.Unreadable):
        exploitation.epss(head + b"cve,epss,percentile\n")


def test_a_catalogue_of_nothing_is_none() -> None:
    with pytest.raises(osv.Unreadable):
        exploitation.kev({"catalogVersion": "1", "vulnerabilities": []})


def test_depth_without_an_id_is_no_traceback() -> None:
    for depth in (10, 500, 800, 900, 950, 990, 2_000, 100_000):
        text = (
            b'{"affected": [{"package": {"ecosystem": "PyPI", "name": "a"}}], "x": '
            + b"[" * depth
            + b"]" * depth
            + b"}"
        )
        try:
            assert osv.read(osv.document(text), NOW)
        except osv.Unreadable as error:
            assert "nested" in str(error)
