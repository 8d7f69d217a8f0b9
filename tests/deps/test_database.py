"""Feeds into a database and out of it: what is kept, what is refused, and that an old one outlives every failure."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import signal
import sqlite3
import struct
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.deps.records import EXCERPT, entry, events, excerpt, raw, record
from tests.stores.server import Asked, Lie, Reply, Server, serving

from modelward.app.advisories import held, sync, verify
from modelward.app.advisories import record as shown_record
from modelward.app.deps import audit
from modelward.app.osv_api import answer
from modelward.core.errors import ModelwardError, ReadError, UsageError
from modelward.core.finding import Severity
from modelward.stores.advisories import Database
from modelward.stores.seal import seal

KEV = {
    "catalogVersion": "2026.01.01",
    "dateReleased": "2026-01-01T00:00:00Z",
    "vulnerabilities": [{"cveID": "CVE-2026-1000", "dateAdded": "2026-01-01"}],
}
EPSS = b"#model_version:v1,score_date:2026-05-18T00:00:00Z\ncve,epss,percentile\nCVE-2026-1000,0.25,0.9\n"
CSAF = {
    "document": {"csaf_version": "2.0", "tracking": {"id": "1234", "current_release_date": "2026-03-04T00:00:00Z"}},
    "vulnerabilities": [],
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798761600")  # 2027-01-01
    return tmp_path


@pytest.fixture
def server() -> Iterator[Server]:
    yield from serving()


def folder(path: Path, *records: Any, **files: bytes) -> str:
    path.mkdir(parents=True, exist_ok=True)
    for each in records:
        (path / f"{each['id']}.json").write_bytes(raw(each))
    for name, content in files.items():
        (path / name.replace("__", ".")).write_bytes(content)
    return str(path)


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def left(path: Path) -> list[str]:
    return sorted(name for name in os.listdir(path) if name.startswith(".modelward"))


ONE = record("PYSEC-2026-1", aliases=["CVE-2026-1000"])
TWO = record("MAL-2026-1", entry("torchtriton", events(("introduced", "0"))), modified="2026-02-02T00:00:00Z")


def test_what_is_kept(here: Path) -> None:
    feed = folder(here / "osv", ONE, TWO, record("PYSEC-2026-2", withdrawn="2026-03-03T00:00:00Z"))
    others = folder(here / "more", kev__json=raw(KEV), epss__csv__gz=gzip.compress(EPSS), bulletin__json=raw(CSAF))
    done = sync([feed, others], "a.db")
    facts, made = done.held.facts, done.held.made
    assert (facts.records, made.withdrawn, facts.unread, facts.newest) == (2, 1, 0, "2026-02-02T00:00:00Z")
    assert [(each.name, each.origin, each.records) for each in facts.feeds] == [("osv", feed, 3), ("more", others, 3)]
    assert made.at == "2027-01-01T00:00:00Z" and not done.held.is_from_the_future and done.before is None
    with Database.open("a.db") as database:
        found = database.affected({"torch", "torchtriton", "numpy"})
        assert {name: [each.id for each in rows] for name, rows in found.items()} == {
            "torch": ["PYSEC-2026-1"],
            "torchtriton": ["MAL-2026-1"],
        }
        known = database.advisories({"PYSEC-2026-1", "MAL-2026-1", "PYSEC-2026-2", "CVE-2026-1000"})
        assert set(known) == {"PYSEC-2026-1", "MAL-2026-1"}
        assert known["MAL-2026-1"].is_malicious and known["MAL-2026-1"].epss is None
        first = known["PYSEC-2026-1"]
        assert (first.exploited, first.epss, first.feed, first.severity) == ("2026-01-01", 0.25, "osv", None)
        assert database.record("PYSEC-2026-1") == raw(ONE) and database.record("kev") is None
        assert database.record("PYSEC-2026-2") and database.record("PYSEC-2026-3") is None
        assert list(database.records("csaf")) == [("1234", raw(CSAF))]
    verify("a.db")
    assert left(here) == []


def test_what_comes_out_is_what_was_read(here: Path) -> None:
    records = excerpt()
    sync([str(EXCERPT)], "a.db")
    with Database.open("a.db") as database:
        names = {each.name for one in records.values() for each in one.affected}
        rows = sorted(each for group in database.affected(names).values() for each in group)
        assert rows == sorted(each for one in records.values() for each in one.affected)
        known = database.advisories(records)
        assert {id_: each._replace(feed="") for id_, each in known.items()} == {
            one.id: one.advisory for one in records.values() if one.advisory
        }
        assert {each.severity for each in known.values()} == {None, Severity.MEDIUM, Severity.HIGH}


def test_the_digest_is_that_of_the_records(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = folder(here / "osv", ONE, TWO)
    first = sync([feed], "a.db").held.facts.digest
    (here / "b.zip").write_bytes(zipped({"x/TWO.json": raw(TWO), "ONE.json": raw(ONE), "README.md": b"#"}))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798848000")
    assert sync(["b.zip"], "b.db").held.facts.digest == first
    folder(here / "osv", TWO | {"summary": "changed"})
    assert sync([feed], "a.db").held.facts.digest != first


def test_the_record_that_was_modified_last_counts(here: Path) -> None:
    old = folder(here / "old", record("PYSEC-2026-1", entry("torch", events(("introduced", "0")))))
    newer = record("PYSEC-2026-1", entry("keras", events(("introduced", "0"))), modified="2026-06-06T00:00:00Z")
    new = folder(here / "new", newer)
    digests = set()
    for origins in ([old, new], [new, old]):
        digests.add(sync(origins, "a.db").held.facts.digest)
        with Database.open("a.db") as database:
            assert set(database.affected({"torch", "keras"})) == {"keras"}
    assert len(digests) == 1


def test_of_two_of_one_time_one_that_stands_and_says_more_counts(here: Path) -> None:
    less, more = entry("torch", versions=["1.0"]), entry("torch", versions=["1.0", "2.0"])
    same = {"modified": "2026-01-01T00:00:00.1Z"}
    gone = record("PYSEC-2026-1", withdrawn="2026-01-01T00:00:00Z", modified="2026-01-01T00:00:00.9Z")
    places = [
        folder(here / name, body)
        for name, body in {
            "a": record("PYSEC-2026-1", less, **same),
            "b": gone,
            "c": record("PYSEC-2026-1", more, **same),
        }.items()
    ]
    for origins in (places, places[::-1]):
        assert sync(origins, "a.db").held.facts.unread == 0
        with Database.open("a.db") as database:
            (row,) = database.affected({"torch"})["torch"]
            assert row.versions == ("1.0", "2.0")


def test_two_of_one_time_about_different_packages_are_told(here: Path) -> None:
    places = [folder(here / name, record("PYSEC-2026-1", entry(name, versions=["1.0"]))) for name in ("torch", "keras")]
    for origins in (places, places[::-1]):
        facts = sync(origins, "a.db").held
        assert facts.facts.unread == 1 and "of this id and time" in facts.made.problems[0][1]


def test_what_cannot_be_read_is_named(here: Path) -> None:
    broken = record("PYSEC-2026-3") | {"affected": "torch"}
    source = {"PYSEC-2026-9__yaml": b"id: PYSEC-2026-9", "package__json": b"{}", "labels__yml": b"a: 1"}
    source["docker-compose__yaml"] = b"services: {}"
    feed = folder(here / "osv", ONE, broken, record("PYSEC-2026-4", entry("onnx")), **source, cut__json=b'{"id": "PY')
    done = sync([feed], "a.db").held
    assert done.facts.unread == 3 and done.facts.records == 2
    told = dict(done.made.problems)
    assert set(told) == {f"{feed}: {name}" for name in ("PYSEC-2026-3.json", "PYSEC-2026-9.yaml", "cut.json")}
    with Database.open("a.db") as database:
        (row,) = database.affected({"onnx"})["onnx"]
        assert row.unread and row.id in database.advisories({row.id})


def test_what_has_no_advisory_at_all_is_no_pass(here: Path) -> None:
    sync([folder(here / "osv", record(withdrawn="2026-01-01T00:00:00Z"), kev__json=raw(KEV))], "a.db")
    (here / "requirements.txt").write_text(f"torch==2.5.1 --hash=sha256:{'a' * 64}\n")
    (looked,) = audit(["requirements.txt"], "a.db").audit.packages
    assert looked.status == "unknown" and "no advisory" in looked.why
    query = {"package": {"name": "torch", "ecosystem": "PyPI"}, "version": "2.5.1"}
    assert answer("POST", "/v1/query", raw(query), "a.db").status == 500


def test_every_row_has_its_advisory(here: Path) -> None:
    nameless = {key: value for key, value in ONE.items() if key != "id"}
    feed = folder(here / "osv", TWO, nameless__json=raw(nameless))
    sync([feed], "a.db")
    with Database.open("a.db") as database:
        (row,) = database.affected({"torch"})["torch"]
        assert row.id.startswith("unnamed-") and set(database.advisories({row.id})) == {row.id}


def test_an_index_is_known_by_what_most_records_say(here: Path) -> None:
    def named(number: int, host: str) -> dict[str, Any]:
        reference = {"type": "PACKAGE", "url": f"https://{host}/project/torch/"}
        return record(f"PYSEC-2026-{number}", references=[reference])

    many = [named(number, "index.example") for number in range(1, 21)]
    feed = folder(here / "osv", *many, named(21, "attacker.example"))
    assert sync([feed], "a.db").held.facts.indexes == {"index.example"}


def test_records_from_the_future(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = folder(here / "osv", record(modified="2027-01-01T00:00:01Z"))
    assert sync([feed], "a.db").held.is_from_the_future
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798761601")
    assert not held("a.db").is_from_the_future


def test_what_may_hold_records_is_not_passed_over(here: Path) -> None:
    feed = folder(here / "osv", ONE, UPPER__JSON=raw(TWO), all__zip=zipped({"a.json": raw(ONE)}), more__jsonl=raw(ONE))
    folder(here / "osv", more__tgz=b"x", many__json=raw([ONE]), README__md=b"#", LICENSE=b"x", odd__json=b'{"a": [5]}')
    folder(here / "elsewhere", record("PYSEC-2026-5"))
    (here / "osv" / "linked").symlink_to("../elsewhere")
    (here / "osv" / "linked.json").symlink_to("../elsewhere/PYSEC-2026-5.json")
    (here / "osv" / "AUTHORS").symlink_to("LICENSE")
    done = sync([feed], "a.db").held
    told = {where.rpartition(": ")[2] for where, _ in done.made.problems}
    assert told == {"all.zip", "more.jsonl", "more.tgz", "many.json", "linked", "linked.json"}
    assert done.facts.records == 2
    members = {"A.JSON": raw(ONE), "b.zip": b"PK", "PYSEC-1.yaml": b"id: a", "README.md": b"#"}
    (here / "b.zip").write_bytes(zipped(members))
    done = sync(["b.zip"], "b.db").held
    assert (done.facts.records, done.facts.unread) == (1, 2)


def test_records_as_their_authors_write_them(here: Path) -> None:
    folder(here / "vulns", **{"PYSEC-2026-9__yaml": b"id: PYSEC-2026-9"})
    for origin in ("vulns", "vulns/PYSEC-2026-9.yaml"):
        with pytest.raises(ReadError, match="only JSON is read"):
            sync([origin], "a.db")


@pytest.mark.parametrize(
    "body",
    [
        {"document": {"csaf_version": "2.0", "tracking": {"id": "\ud800"}}},
        {"document": {"csaf_version": "2.0", "tracking": {"id": "1\nosv PYSEC-2026-1 00"}}},
        {"meta": {"api-version": "1.0"}, "name": "\ud800", "files": []},
        record("PYSEC-2026-8") | {"meta": {"api-version": "1.0"}},
        record("PYSEC-2026-8") | {"catalogVersion": "1", "vulnerabilities": [5]},
    ],
)
def test_names_that_cannot_be_kept_are_told(here: Path, body: Any) -> None:
    facts = sync([folder(here / "osv", ONE, other__json=raw(body))], "a.db").held.facts
    assert (facts.records, facts.unread) == (1, 1)
    verify("a.db")


@pytest.mark.parametrize(
    ("origin", "error"),
    [
        ("nothing", UsageError),
        ("empty", ReadError),
        ("others", ReadError),
        ("npm.zip", ReadError),
        ("cut.zip", ReadError),
        ("flipped.zip", ReadError),
        ("cut.csv.gz", ReadError),
        ("text.json", ReadError),
        ("pipe", ReadError),
        ("pipe/PYSEC-1.json", ReadError),
        ("lzma.zip", ReadError),
        ("far.zip", ReadError),
        ("https://", UsageError),
        ("https://[", UsageError),
        ("http://127.0.0.1:1/all.zip", ReadError),
        ("http://feed.example/all.zip", UsageError),
    ],
)
def test_a_feed_that_fails_leaves_the_old_database(here: Path, origin: str, error: type[ModelwardError]) -> None:
    before = sync([folder(here / "osv", ONE)], "a.db").held.facts.digest
    whole = zipped({f"PYSEC-2026-{number}.json": raw(record(f"PYSEC-2026-{number}")) for number in range(50)})
    elsewhere = record("GHSA-1", {"package": {"ecosystem": "npm", "name": "torch"}})
    (here / "empty").mkdir()
    folder(here / "others", package__json=b"{}", README__json=b"[]")
    (here / "npm.zip").write_bytes(zipped({"GHSA-1.json": raw(elsewhere)}))
    (here / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (here / "flipped.zip").write_bytes(flipped(whole))
    (here / "lzma.zip").write_bytes(flipped(zipped({"a.json": whole}, zipfile.ZIP_LZMA)))
    (here / "far.zip").write_bytes(whole[:4] + far())
    (here / "cut.csv.gz").write_bytes(gzip.compress(EPSS)[:-9])
    (here / "text.json").write_bytes(b"no JSON")
    (here / "pipe").mkdir()
    os.mkfifo(here / "pipe" / "PYSEC-1.json")
    with pytest.raises(error) as caught:
        sync([str(here / "osv"), origin], "a.db")
    assert "\n" not in str(caught.value)
    assert held("a.db").facts.digest == before and left(here) == []


def far() -> bytes:
    """The end of a zip whose one member is farther away than a file can be long."""
    extra = struct.pack("<HHQ", 1, 8, (1 << 64) - 1)
    numbers = (45, 45, 0, 0, 0, 0, 0, 10, 10, 6, len(extra), 0, 0, 0, 0, 0xFFFFFFFF)
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", *numbers) + b"a.json" + extra
    return entry + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry), 4, 0)


def flipped(archive: bytes) -> bytes:
    at = len(archive) // 3
    return archive[:at] + bytes([archive[at] ^ 0xFF]) + archive[at + 1 :]


def test_an_interrupt_leaves_the_old_database(here: Path) -> None:
    feed = folder(here / "osv", ONE, TWO)
    before = sync([feed], "a.db").held.facts.digest

    def interrupt(done: int, total: int, name: str) -> None:
        raise KeyboardInterrupt

    folder(here / "osv", record("PYSEC-2026-9"))
    with pytest.raises(KeyboardInterrupt):
        sync([feed], "a.db", interrupt)
    assert held("a.db").facts.digest == before and left(here) == []


def test_two_at_once_are_both_whole(here: Path) -> None:
    first, second = folder(here / "first", ONE), folder(here / "second", TWO)

    def meanwhile(done: int, total: int, name: str) -> None:
        sync([second], "a.db")

    sync([first], "a.db", meanwhile)
    verify("a.db")
    assert [each.name for each in held("a.db").facts.feeds] == ["first"]


def test_what_else_lies_there_is_not_replaced(here: Path) -> None:
    feed = folder(here / "osv", ONE)
    (here / "weights.bin").write_bytes(b"w" * 1000)
    with sqlite3.connect("other.db") as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    (here / "empty.db").touch()
    for name in ("weights.bin", "other.db", "empty.db", "osv", "nowhere/a.db"):
        with pytest.raises(UsageError):
            sync([feed], name)
    assert (here / "weights.bin").read_bytes() == b"w" * 1000
    (here / "loop.db").symlink_to("loop.db")
    with pytest.raises(UsageError):
        sync([feed], "loop.db")
    (here / "link.db").symlink_to("real.db")
    sync([feed], "link.db")
    assert (here / "link.db").is_symlink() and held("real.db").facts.records == 1


def test_a_name_that_is_no_text(here: Path) -> None:
    name = os.fsdecode(b"\xff?%41#.db")
    (here / os.fsdecode(b"\xff.json")).write_bytes(raw(record() | {"id": None}))
    assert sync([os.fsdecode(b"\xff.json")], name).held.facts.records == 1
    verify(name)


def test_a_database_that_is_none(here: Path) -> None:
    sync([folder(here / "osv", *(record(f"PYSEC-2026-{number}") for number in range(60)))], "a.db")
    whole = (here / "a.db").read_bytes()
    newer = whole[:60] + (99).to_bytes(4, "big") + whole[64:]
    unfinished = whole[:60] + bytes(4) + whole[64:]
    for content, error, told in (
        (None, UsageError, "make it with"),
        (b"", UsageError, "is no database"),
        (b"x" * 5_000, UsageError, "is no database"),
        (newer, ReadError, "newer modelward"),
        (unfinished, ReadError, "not written to its end"),
        (whole[: len(whole) // 2], ReadError, "is damaged"),
        (whole[:100], ReadError, "is damaged"),
    ):
        if content is not None:
            (here / "b.db").write_bytes(content)
        with pytest.raises(error, match=told) as caught:
            held("b.db")
        assert "\n" not in str(caught.value)
    os.mkfifo(here / "pipe.db")
    for name in ("pipe.db", "osv"):
        with pytest.raises(UsageError):
            held(name)
    (here / "b.db").write_bytes(whole[: len(whole) // 2])
    assert sync([str(here / "osv")], "b.db").before is None  # what is damaged is made anew
    verify("b.db")


def test_no_damage_goes_unseen(here: Path) -> None:
    sync([str(EXCERPT)], "a.db")
    whole = (here / "a.db").read_bytes()
    for at in range(0, len(whole), len(whole) // 150):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        (here / "b.db").write_bytes(damaged)
        with pytest.raises((ReadError, UsageError)):
            Database.open("b.db")
    for damaged in (bytearray(whole[:-1]), bytearray(whole + b"x"), bytearray(whole[:-26])):
        (here / "b.db").write_bytes(damaged)
        with pytest.raises(ReadError):
            Database.open("b.db")


def test_damage_since_it_was_last_opened(here: Path) -> None:
    """Who serves opens it often, and does not read all of it again each time."""
    sync([str(EXCERPT)], "a.db")
    Database.open("a.db").__exit__(None, None, None)
    with open("a.db", "r+b") as file:
        file.seek(5000)
        file.write(b"damage")
    with pytest.raises(ReadError):
        Database.open("a.db")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE affected SET name = 'other'",
        "DELETE FROM affected",
        "UPDATE affected SET said = '[[],[],\"\"]'",
        "UPDATE record SET advisory = NULL",
        "UPDATE record SET modified = '2026-12-31T00:00:00Z'",
        "UPDATE record SET body = x'00'",
        "DELETE FROM record",
        "DELETE FROM exploitation",
        "INSERT INTO project VALUES ('torch', '[\"\",\"\",[]]')",
        "DROP TABLE affected",
        "UPDATE meta SET body = replace(body, '2026-02-02T00:00:00Z', '2026-12-31T00:00:00Z')",
        "UPDATE meta SET body = replace(body, '\"records\": 2', '\"records\": 3')",
    ],
)
def test_what_somebody_changed_is_found_by_reading_all(here: Path, change: str) -> None:
    """Sealed anew, as only somebody who means it does."""
    sync([folder(here / "osv", ONE, TWO, kev__json=raw(KEV))], "a.db")
    verify("a.db")
    with sqlite3.connect("a.db") as database:
        database.execute(change)
    database.close()
    (here / "a.db").write_bytes((here / "a.db").read_bytes()[:-26])
    seal(here / "a.db")
    with pytest.raises(ReadError) as caught:
        verify("a.db")
    assert "\n" not in str(caught.value)


# -- servers


class Bucket:
    """The folder of an ecosystem, as OSV serves it."""

    def __init__(self, server: Server, *records: dict[str, Any]) -> None:
        self.server, self.records = server, {each["id"]: each for each in records}
        server.otherwise = self._route

    def _route(self, asked: Asked) -> Reply:
        name = asked.path.removeprefix("/PyPI/")
        if name == "modified_id.csv":
            rows = sorted(((each["modified"], id_) for id_, each in self.records.items()), reverse=True)
            return Reply(200, body="".join(f"{at},{id_}\n" for at, id_ in rows).encode())
        if name == "all.zip":
            return Reply(200, body=zipped({f"{id_}.json": raw(each) for id_, each in self.records.items()}))
        found = self.records.get(name.removesuffix(".json"))
        return Reply(404) if found is None else Reply(200, body=raw(found))

    @property
    def asked(self) -> list[str]:
        paths = [asked.path.removeprefix("/PyPI/") for asked, _ in self.server.log]
        self.server.log.clear()
        return paths


def instead(name: str, reply: Reply) -> Lie:
    """Of what is there under that name."""
    return lambda asked, honest: reply if asked.path.endswith(name) else honest


def test_only_what_changed_is_fetched(here: Path, server: Server) -> None:
    bucket = Bucket(server, ONE, TWO)
    url = f"{server.url}/PyPI/"
    sync([url], "a.db")
    assert bucket.asked == ["modified_id.csv", "all.zip"]
    bucket.records["PYSEC-2026-7"] = record("PYSEC-2026-7", modified="2026-07-07T00:00:00Z")
    bucket.records["MAL-2026-1"] = TWO | {"withdrawn": "2026-07-08T00:00:00Z", "modified": "2026-07-08T00:00:00Z"}
    done = sync([url], "a.db")
    assert bucket.asked == ["modified_id.csv", "MAL-2026-1.json", "PYSEC-2026-7.json"]
    assert done.held.facts.digest == sync([url], "fresh.db").held.facts.digest
    with Database.open("a.db") as database:
        assert set(database.affected({"torch", "torchtriton"})) == {"torch"}
    assert bucket.asked == ["modified_id.csv", "all.zip"]
    same = sync([url], "a.db")
    assert bucket.asked == ["modified_id.csv"] and same.before and same.before.digest == same.held.facts.digest


def test_what_a_list_no_longer_names_is_kept(here: Path, server: Server) -> None:
    bucket = Bucket(server, ONE, TWO)
    url = f"{server.url}/PyPI/"
    before = sync([url], "a.db").held.facts.digest
    del bucket.records["MAL-2026-1"]
    assert sync([url], "a.db").held.facts.digest == before


def test_an_archive_that_is_older_than_the_list(here: Path, server: Server) -> None:
    bucket = Bucket(server, ONE, TWO)
    server.lie = instead("all.zip", Reply(200, body=zipped({"PYSEC-2026-1.json": raw(ONE)})))
    facts = sync([f"{server.url}/PyPI/"], "a.db").held.facts
    assert facts.records == 2 and bucket.asked == ["modified_id.csv", "all.zip", "MAL-2026-1.json"]
    for number in range(1_001):
        bucket.records[f"PYSEC-2025-{number}"] = record(f"PYSEC-2025-{number}")
    with pytest.raises(ReadError, match="lacks 1,002 of the records"):
        sync([f"{server.url}/PyPI/"], "a.db")
    assert held("a.db").facts.digest == facts.digest


def test_a_date_that_they_took_back(here: Path, server: Server) -> None:
    wrong = {"modified": "2099-01-01T00:00:00Z", "withdrawn": "2026-01-01T00:00:00Z"}
    bucket = Bucket(server, ONE | wrong, TWO)
    url = f"{server.url}/PyPI/"
    assert sync([url], "a.db").held.is_from_the_future
    bucket.records["PYSEC-2026-1"] = ONE
    done = sync([url], "a.db").held
    assert done.facts.records == 2 and not done.is_from_the_future


def test_another_record_than_was_asked_for(here: Path, server: Server) -> None:
    bucket = Bucket(server, ONE)
    url = f"{server.url}/PyPI/"
    sync([url], "a.db")
    bucket.records["MAL-2026-1"] = TWO
    server.lie = instead("MAL-2026-1.json", Reply(200, body=raw(ONE)))
    with pytest.raises(ReadError, match="PYSEC-2026-1"):
        sync([url], "a.db")
    others: list[Any] = [{"error": "busy"}, [TWO], {"vulns": []}]
    for reply in [Reply(200, body=raw(other)) for other in others]:
        server.lie = instead("MAL-2026-1.json", reply)
        assert sync([url], "a.db").held.facts.unread == 1


BROKEN = [
    Reply(404),
    Reply(500),
    Reply(200, {"content-length": "5000"}, b"2026-01-02T03:04:05Z,PYSEC-2026-1\n"),
    Reply(200, {"content-encoding": "br"}, b"2026-01-02T03:04:05Z,PYSEC-2026-1\n"),
    Reply(302, {"location": "http://feed.example/"}),
]
WRONG = [Reply(200), Reply(200, body=b"<html>sign in</html>")]


@pytest.mark.parametrize(
    ("page", "reply"),
    [
        *(("PYSEC-2026-7.json", reply) for reply in BROKEN),
        *(("modified_id.csv", reply) for reply in BROKEN + WRONG),
        *(("all.zip", reply) for reply in BROKEN + WRONG),
    ],
)
def test_a_server_that_fails_leaves_the_old_database(here: Path, server: Server, page: str, reply: Reply) -> None:
    bucket = Bucket(server, ONE)
    url = f"{server.url}/PyPI/"
    before = sync([url], "a.db").held.facts.digest
    bucket.records["PYSEC-2026-7"] = record("PYSEC-2026-7", modified="2026-07-07T00:00:00Z")
    server.lie = lambda asked, honest: reply if asked.path.endswith(page) else honest
    with pytest.raises(ReadError) as caught:
        sync([url + page if page == "all.zip" else url], "a.db")
    assert "\n" not in str(caught.value)
    assert held("a.db").facts.digest == before and left(here) == []


@pytest.mark.parametrize("reply", WRONG)
def test_a_page_in_the_place_of_a_record(here: Path, server: Server, reply: Reply) -> None:
    bucket = Bucket(server, ONE)
    url = f"{server.url}/PyPI/"
    sync([url], "a.db")
    bucket.records["PYSEC-2026-1"] = ONE | {"modified": "2026-07-07T00:00:00Z"}
    server.lie = lambda asked, honest: reply if asked.path.endswith("PYSEC-2026-1.json") else honest
    facts = sync([url], "a.db").held.facts
    assert (facts.unread, facts.records) == (1, 1)  # what was known of it stays
    server.lie = lambda asked, honest: honest
    facts = sync([url], "a.db").held.facts
    assert (facts.unread, facts.newest) == (0, "2026-07-07T00:00:00Z")


def test_addresses_are_told_without_secrets(here: Path, server: Server) -> None:
    server.otherwise = lambda asked: Reply(200, body=raw(KEV))
    feed = folder(here / "osv", ONE)
    facts = sync([feed, f"{server.url}/kev.json?token=secret"], "a.db").held.facts
    assert facts.feeds[1].origin == f"{server.url}/kev.json" and facts.feeds[1].name == "kev"
    assert b"secret" not in (here / "a.db").read_bytes()


def test_one_record(here: Path) -> None:
    sync([folder(here / "osv", ONE)], "a.db")
    assert json.loads(shown_record("a.db", "PYSEC-2026-1")) == ONE
    with pytest.raises(UsageError):
        shown_record("a.db", "PYSEC-2026-404")


def test_a_full_disk_leaves_the_old_database(here: Path) -> None:
    feed = folder(here / "osv", ONE)
    before = sync([feed], "a.db").held.facts.digest
    folder(here / "osv", *(record(f"PYSEC-2026-{number}", details=f"{number}" * 9_999) for number in range(60)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for size in (1 << 10, 1 << 16):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
            with pytest.raises(ModelwardError, match="cannot be written") as caught:
                sync([feed], "a.db")
            assert "\n" not in str(caught.value)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert held("a.db").facts.digest == before and left(here) == []
