"""What is answered to those who speak the OSV API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deps.advisories import RECORDS, database
from tests.deps.records import raw, record

from modelward.app.advisories import sync
from modelward.app.osv_api import answer

TORCH = {"name": "torch", "ecosystem": "PyPI"}
BOTH = ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> str:
    return database(tmp_path_factory.mktemp("database"))


def post(db: str, path: str, body: Any) -> tuple[int, Any]:
    said = answer("POST", path, body if isinstance(body, bytes) else json.dumps(body).encode(), db)
    return said.status, json.loads(said.body)


def ids(db: str, query: Mapping[str, Any]) -> list[str]:
    """What query and querybatch answer alike."""
    status, body = post(db, "/v1/query", query)
    assert status == 200
    assert body == {} or body["vulns"]
    batch = post(db, "/v1/querybatch", {"queries": [query]})
    found = [each["id"] for each in body.get("vulns", [])]
    expected = [{"id": each["id"], "modified": each["modified"]} for each in body.get("vulns", [])]
    assert batch == (200, {"results": [{"vulns": expected} if expected else {}]})
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"package": TORCH, "version": "2.5.1"}, BOTH),
        ({"package": TORCH, "version": "2.5.1+cu121"}, BOTH),
        ({"package": TORCH, "version": "2.6.0"}, []),
        ({"package": TORCH, "version": "2.7.0"}, ["PYSEC-2026-2"]),
        ({"package": TORCH}, [*BOTH, "PYSEC-2026-2"]),
        ({"package": TORCH | {"name": "Torch"}, "version": "2.5.1"}, BOTH),
        ({"package": {"purl": "pkg:pypi/torch@2.5.1"}}, BOTH),
        ({"package": {"purl": "pkg:pypi/torch@2.5.1%2Bcu121"}}, BOTH),
        ({"package": {"purl": "pkg:PyPI/Torch"}, "version": "2.5.1"}, BOTH),
        ({"package": {"purl": "pkg:pypi/torch@2.5.1?repository_url=index.example#sub/path"}}, BOTH),
        ({"package": {"name": "unheard-of", "ecosystem": "PyPI"}, "version": "1"}, []),
        ({"package": {"name": "hostile", "ecosystem": "PyPI"}, "version": "1.0"}, ["MAL-2026-1"]),
        ({"package": {"name": "hostile", "ecosystem": "PyPI"}, "version": "1.1"}, []),
    ],
)
def test_what_is_about_a_package(db: str, query: Mapping[str, Any], expected: list[str]) -> None:
    assert ids(db, query) == expected


@pytest.mark.parametrize("version", ["1.0", "two", "2", "99"])
def test_what_cannot_be_compared_counts_as_affected(db: str, version: str) -> None:
    assert ids(db, {"package": {"name": "odd", "ecosystem": "PyPI"}, "version": version}) == ["PYSEC-2026-3"]
    assert ids(db, {"package": TORCH, "version": "nightly"}) == [*BOTH, "PYSEC-2026-2"]


def test_a_record_is_given_as_its_feed_gave_it(db: str) -> None:
    for each in RECORDS:  # withdrawn ones too
        assert answer("GET", f"/v1/vulns/{each['id']}", b"", db) == (200, raw(each))
    assert answer("GET", "/v1/vulns/PYSEC%2D2026-1?x=y", b"", db).status == 200
    assert post(db, "/v1/query", {"package": TORCH, "version": "2.5.1"})[1]["vulns"] == [RECORDS[1], RECORDS[0]]


def test_a_database_that_was_synced_meanwhile_is_used(tmp_path: Path) -> None:
    db = database(tmp_path)
    (tmp_path / "osv" / "new.json").write_bytes(raw(record("PYSEC-2026-7")))
    sync([str(tmp_path / "osv")], db)
    assert ids(db, {"package": TORCH, "version": "2.5.1"}) == [*BOTH, "PYSEC-2026-7"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/vulns/nothing", 404), ("GET", "/v1/vulns/", 404), ("GET", "/", 404), ("POST", "/v1/other", 404),
        ("GET", "/v1/query", 405), ("GET", "/v1/querybatch", 405), ("POST", "/v1/vulns/PYSEC-2026-1", 405),
        ("POST", "/v1/query/", 404), ("GET", "/v1/vulns/..%2f..%2fetc%2fpasswd", 404), ("GET", "/v1/vulns/%00", 404),
    ],
)  # fmt: skip
def test_what_is_not_there(db: str, method: str, path: str, status: int) -> None:
    said = answer(method, path, b"{}", db)
    assert said.status == status
    assert json.loads(said.body).keys() == {"code", "message"}


QUERIES: list[Any] = [
    {}, [], "torch", None, 1, {"package": "torch"}, {"package": []}, {"version": "1"}, {"commit": "a" * 40},
    {"package": {}}, {"package": {"name": "torch"}}, {"package": {"name": "torch", "ecosystem": "npm"}},
    {"package": {"name": "torch", "ecosystem": ""}}, {"package": {"name": "", "ecosystem": "PyPI"}},
    {"package": {"name": 1, "ecosystem": "PyPI"}}, {"package": TORCH, "version": 2},
    {"package": {"purl": "pkg:npm/torch"}}, {"package": {"purl": "torch"}}, {"package": {"purl": "pkg:pypi/"}},
    {"package": {"purl": "pkg:pypi/torch@2.5.1"}, "version": "2.6.0"}, {"package": TORCH | {"purl": "pkg:pypi/torch"}},
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_what_cannot_be_answered_is_not_answered_with_nothing(db: str, query: Any) -> None:
    for path, body in (("/v1/query", query), ("/v1/querybatch", {"queries": [{"package": TORCH}, query]})):
        status, said = post(db, path, body)
        assert (status, said["code"]) == (400, 3)


NO_JSON = [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b'{"a":1,"a":2}', b'{"a":NaN}', b"9" * 9999]


@pytest.mark.parametrize("body", NO_JSON)
def test_what_is_no_json(db: str, body: bytes) -> None:
    assert post(db, "/v1/query", body)[0] == 400
    assert post(db, "/v1/querybatch", body)[0] == 400


def test_a_batch_has_a_limit(db: str) -> None:
    queries = [{"package": TORCH, "version": "2.6.0"}] * 1000
    assert post(db, "/v1/querybatch", {"queries": queries}) == (200, {"results": [{}] * 1000})
    assert post(db, "/v1/querybatch", {"queries": [*queries, *queries[:1]]})[0] == 400
    assert post(db, "/v1/querybatch", {"queries": {}})[0] == 400
    assert post(db, "/v1/querybatch", {"queries": []}) == (200, {"results": []})


def test_a_database_that_is_gone_is_an_error(tmp_path: Path) -> None:
    db = database(tmp_path)
    Path(db).write_bytes(Path(db).read_bytes()[:5000])
    assert post(db, "/v1/query", {"package": TORCH})[0] == 500
    Path(db).unlink()
    status, said = post(db, "/v1/query", {"package": TORCH})
    assert (status, said["code"]) == (500, 13)
    assert "sync" in said["message"]


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=9)
    | st.sampled_from(["PyPI", "torch", "pkg:pypi/a@1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["queries", "package", "name", "ecosystem", "version", "purl"]) | st.text(max_size=3), inner
        )
    ),
    max_leaves=12,
)


@given(_json, st.text(max_size=20), st.sampled_from(["GET", "POST", "PUT"]))
def test_every_request_has_an_answer(db: str, body: Any, more: str, method: str) -> None:
    for path in ("/v1/query", "/v1/querybatch", f"/v1/vulns/{more}", more):
        said = answer(method, path, json.dumps(body).encode(), db)
        assert said.status in (200, 400, 404, 405)
        json.loads(said.body)
