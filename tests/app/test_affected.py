"""Artifacts that were audited before, and what is known of them since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.deps.advisories import EPOCH, HASH, database
from tests.deps.records import entry, events, raw, record

from modelward.app.advisories import sync
from modelward.app.affected import affected
from modelward.checks.deps import PREDICATE_TYPE
from modelward.cli.commands import run
from modelward.core.digest import Digest
from modelward.core.errors import UsageError
from modelward.core.statement import Statement


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a store that has the audits of two locks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    database(tmp_path)
    for name, pins in {"a.txt": ["torch==2.5.1", "numpy==2.0.0"], "b.txt": ["torch==2.6.0"]}.items():
        Path(name).write_text("".join(f"{pin} --hash={HASH}\n" for pin in pins))
        audit(name)
    return tmp_path


def audit(name: str) -> None:
    run(["deps", name, "--database", "advisories.db", "--store", "store", "--quiet"])


def learn(*records: Any) -> None:
    for each in records:
        Path("osv", f"{each['id']}.json").write_bytes(raw(each))
    sync(["osv"], "advisories.db")


def test_nothing_new(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = affected("advisories.db", "store")
    assert (done.exit_code, done.hits, done.audits, done.packages) == (0, (), 2, 3)
    capsys.readouterr()
    assert run(["advisories", "affected", "--database", "advisories.db", "--store", "store"]) == 0
    assert capsys.readouterr().out == "clean: 0 artifacts hit by 0 new records, 2 audits of 3 packages (exit 0)\n"


def test_what_was_not_known_then(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learn(record("GHSA-dddd", entry("numpy", events(("introduced", "0"))), aliases=["CVE-2026-7"], summary="it adds"))
    capsys.readouterr()
    assert run(["advisories", "affected", "--database", "advisories.db", "--store", "store"]) == 1
    digest, hit, answer = capsys.readouterr().out.splitlines()
    assert digest.startswith("sha256:")
    assert hit == "  numpy 2.0.0 has GHSA-dddd, CVE-2026-7: it adds"
    assert answer == "flagged: 1 artifact hit by 1 new record, 2 audits of 3 packages (exit 1)"
    assert run(["advisories", "affected", "--database", "advisories.db", "--store", "store", "--format", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["hits"]
    assert found["certain"] and not found["malicious"]
    audit("a.txt")  # from now on it is known, even if that is in the same second
    assert affected("advisories.db", "store").exit_code == 0


def test_an_audit_that_knows_it_ends_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learn(record("GHSA-dddd", entry("numpy", events(("introduced", "0")))))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(EPOCH) + 1))
    assert affected("advisories.db", "store").exit_code == 1
    audit("a.txt")
    done = affected("advisories.db", "store")
    assert (done.exit_code, done.audits) == (0, 2)


def test_another_name_of_what_was_known_is_nothing_new(here: Path) -> None:
    learn(record("GHSA-eeee", aliases=["PYSEC-2026-1"]), record("GHSA-ffff", aliases=["CVE-2026-1"]))
    assert affected("advisories.db", "store").hits == ()


def test_a_release_that_turned_out_to_be_hostile(here: Path) -> None:
    learn(record("MAL-2026-9", entry("torch", versions=["2.6.0"])))
    (hit,) = affected("advisories.db", "store").hits
    assert (hit.package, hit.version, hit.is_malicious, hit.is_certain) == ("torch", "2.6.0", True, True)


def test_what_was_a_flaw_and_turned_out_to_be_hostile(here: Path) -> None:
    learn(record("MAL-2026-9", entry("torch", versions=["2.5.1"]), aliases=["PYSEC-2026-1"]))
    (hit,) = affected("advisories.db", "store").hits
    assert hit.is_malicious and hit.version == "2.5.1"
    audit("a.txt")
    learn(record("GHSA-eeee", entry("torch", versions=["2.5.1"]), aliases=["MAL-2026-9"]))
    assert affected("advisories.db", "store").hits == ()


@pytest.mark.parametrize(
    "other",
    [
        record("PYSEC-2026-9") | {"affected": "numpy"},
        record("PYSEC-2026-9", modified="2999-01-01T00:00:00Z", withdrawn="2026-01-01T00:00:00Z"),
    ],
)
def test_a_database_that_lacks_something_is_no_pass(here: Path, other: Any) -> None:
    learn(other)
    done = affected("advisories.db", "store")
    assert (done.exit_code, done.hits, len(done.unread)) == (3, (), 1)


def test_what_cannot_be_compared_is_incomplete(here: Path) -> None:
    learn(record("PYSEC-2026-8", entry("numpy", events(("introduced", "one"), ("fixed", "two")))))
    done = affected("advisories.db", "store")
    assert (done.exit_code, [hit.is_certain for hit in done.hits]) == (3, [False])


def keep(body: Any, name: str) -> None:
    about = Digest("sha256", "ab" * 32)
    Path(name).write_bytes(Statement.make(about, PREDICATE_TYPE, body).raw)
    assert run(["store", "add", name, "--store", "store"]) == 0


def test_statements_that_say_nothing_are_named(here: Path) -> None:
    keep({"packages": []}, "empty.json")
    run(["deps", "a.txt", "--database", "advisories.db", "--statement", "a.json", "--quiet"])
    body = json.loads(Path("a.json").read_bytes())["predicate"]
    keep(body | {"audited": "2999-01-01T00:00:00Z"}, "future.json")
    keep(body | {"packages": body["packages"][:1]}, "fewer.json")
    done = affected("advisories.db", "store")
    assert (done.exit_code, done.audits, len(done.unread)) == (3, 2, 3)
    assert [why for why in done.unread if "2999" in why and "still to come" in why]


def test_a_store_without_audits_is_no_pass(here: Path) -> None:
    statement = Statement.make(Digest("sha256", "ab" * 32), "urn:example:other:1", {})
    Path("s.json").write_bytes(statement.raw)
    run(["store", "add", "s.json", "--store", "other"])
    assert affected("advisories.db", "other").exit_code == 3
    with pytest.raises(UsageError):
        affected("advisories.db", None)
    with pytest.raises(UsageError):
        affected("none.db", "store")
