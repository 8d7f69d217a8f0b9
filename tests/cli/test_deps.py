"""`modelward deps`, from arguments to report and exit code."""

from __future__ import annotations

import json
import shutil
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.deps.advisories import EPOCH, HASH, INDEX, NEWEST, database, uv_lock
from tests.deps.places import SITE, install, wheel
from tests.deps.records import entry, record
from tests.report.hostile import dangerous
from tests.report.test_sarif_report import SCHEMA

from modelward.checks import foreign
from modelward.checks.deps import CHECK, PREDICATE_TYPE
from modelward.cli.commands import run
from modelward.core import canonical
from modelward.core.errors import Malformed, UsageError
from modelward.core.finding import Finding, Location

LOCK = uv_lock(("hostile", "1.0"), ("numpy", "2.0.0"), ("odd", "1.0"), ("torch", "2.5.1+cu121"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    return database(tmp_path_factory.mktemp("database"))


@pytest.fixture
def db(tmp_path: Path, made: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its path; the current folder is an empty one."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    return made


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command; gives its exit code and what it printed."""

    def ask(*args: str) -> tuple[int, str]:
        capsys.readouterr()
        code = run(["deps", *args])
        return code, capsys.readouterr().out

    return ask


@pytest.fixture
def as_json(said: Any, db: str) -> Any:
    def ask(*args: str) -> tuple[int, Any]:
        code, out = said(*args, "--database", db, "--format", "json")
        return code, json.loads(out)

    return ask


def pin(name: str, version: str) -> str:
    return f"{name}=={version} --hash={HASH}\n"


# -- what people see


def test_what_is_found_where_and_what_to_do(said: Any, db: str) -> None:
    Path("uv.lock").write_text(LOCK)
    code, out = said("uv.lock", "--database", db)
    assert code == 1
    assert out.splitlines()[:12] == [
        "critical[package-malicious]: hostile 1.0 is hostile: MAL-2026-1",
        "  at   uv.lock:12:1",
        "  do   Remove it, treat every machine that installed it as broken into, and look at what it was mistaken for.",
        "critical[package-vulnerable]: torch 2.5.1+cu121 has GHSA-aaaa-bbbb-cccc, CVE-2026-1, PYSEC-2026-1: "
        "it loads too much; fixed in 2.6.0",
        "  at   uv.lock:36:1",
        "  do   take 2.6.0, or accept it in the policy until a day",
        "unexamined: uv.lock:28:1",
        "  why  odd: PYSEC-2026-3 cannot be compared with version 1.0",
        "  do   look at the advisory, and pin a version that it can be compared with",
        "",
        *out.splitlines()[10:12],
    ]
    assert out.splitlines()[-2:] == [
        "coverage  4 packages, 3 looked up, 1 unknown",
        "flagged: 2 critical, 1 unexamined, 4 packages (exit 1)",
    ]
    assert f"5 records, the youngest of {NEWEST[:10]}, 7 days ago" in out


def test_exit_codes(said: Any, db: str) -> None:
    texts = {"clean": pin("numpy", "2.0.0"), "bad": pin("torch", "2.5.1"), "low": pin("torch", "2.7.0")}
    texts |= {"odd": pin("odd", "1.0"), "both": pin("torch", "2.5.1") + pin("odd", "1.0")}
    for name, text in texts.items():
        Path(f"{name}.txt").write_text(text)
    codes = {name: said(f"{name}.txt", "--database", db, "--quiet")[0] for name in texts}
    assert codes == {"clean": 0, "bad": 1, "low": 0, "odd": 3, "both": 1}
    assert said("low.txt", "--database", db, "--fail-on", "low", "--quiet")[0] == 1
    assert said("clean.txt", "odd.txt", "--database", db, "--quiet") == (
        3, "incomplete: 0 findings, 1 unexamined, 2 packages (exit 3)\n"
    )  # fmt: skip
    assert said("clean.txt", "--quiet")[0] == 3  # without a database nothing was looked up


def test_without_a_database_all_is_unknown(said: Any, db: str) -> None:
    Path("uv.lock").write_text(LOCK)
    code, out = said("uv.lock", "--format", "json")
    body = json.loads(out)
    assert code == 3
    assert body["coverage"] == {"packages": 4, "matched": 0, "unknown": 4}
    assert body["database"] is None
    assert {each["status"] for each in body["packages"]} == {"unknown"}
    assert [each["why"] for each in body["unexamined"]] == [
        "4 packages (hostile, numpy, odd, …): there is no database of advisories"
    ]


# -- what cannot be relied on is said


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("torch>=2", "nothing fixes its version"),
        ("torch", "nothing fixes its version"),
        ("demo @ https://files.example/demo-1.0-py3-none-any.whl", "files.example"),
        ("demo @ git+https://git.example/demo@main", "git.example"),
        ("-e ./demo", ""),
        ("-e git+https://git.example/demo#egg=demo", ""),
        ("torch==2.6.0 --frobnicate", ""),
        ("torch = 2.6.0", ""),
        ("-r nowhere.txt", "nowhere.txt"),
        ("--index-url https://other.example/simple\nsomething-private==1.0", "other.example"),
    ],
)
def test_what_could_not_be_looked_up_is_never_clean(as_json: Any, line: str, why: str) -> None:
    Path("requirements.txt").write_text(line + "\n" + pin("numpy", "2.0.0"))
    code, body = as_json("requirements.txt", "--fail-on", "critical")
    assert code == 3
    assert why in " ".join(each["why"] for each in body["unexamined"])


def test_an_old_database_is_not_relied_on(said: Any, db: str) -> None:
    Path("r.txt").write_text(pin("numpy", "2.0.0"))
    assert said("r.txt", "--database", db, "--max-age", "8", "--quiet")[0] == 0
    code, out = said("r.txt", "--database", db, "--max-age", "7")
    assert (code, "the policy allows 7" in out) == (3, True)


def test_a_database_from_the_future_is_not_relied_on(said: Any, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("r.txt").write_text(pin("numpy", "2.0.0"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    code, out = said("r.txt", "--database", db)
    assert (code, "still to come" in out) == (3, True)


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github", "vulns"])
def test_records_that_could_not_be_read_are_a_gap(said: Any, db: str, tmp_path: Path, form: str) -> None:
    half = database(tmp_path, [record(), record("PYSEC-2026-9", entry(), schema_version="9")])
    Path("r.txt").write_text(pin("numpy", "2.0.0"))
    code, out = said("r.txt", "--database", half, "--format", form)
    assert code == 3
    assert "1 record of the database could not be read" in out


# -- bad input


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4096])


def scribbled(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)


def half_written(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()


def emptied(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM meta")
    connection.close()


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize("harm", [truncated, scribbled, half_written, emptied, newer])
def test_a_damaged_database_knows_nothing(said: Any, db: str, tmp_path: Path, harm: Any) -> None:
    copy = shutil.copy(db, tmp_path / "copy.db")
    harm(Path(copy))
    Path("r.txt").write_text(pin("torch", "2.5.1"))
    code, out = said("r.txt", "--database", str(copy), "--format", "json")
    body = json.loads(out)
    assert (code, body["coverage"], body["database"]) == (3, {"packages": 1, "matched": 0, "unknown": 1}, None)
    assert "copy.db" in body["unexamined"][0]["why"]


@pytest.mark.parametrize("content", [None, b"", b"not a database", b"SQLite format 3\0" + bytes(200)])
def test_what_is_no_database_knows_nothing(said: Any, content: bytes | None) -> None:
    if content is not None:
        Path("other.db").write_bytes(content)
    Path("r.txt").write_text(pin("numpy", "2.0.0"))
    code, out = said("r.txt", "--database", "other.db", "--format", "json")
    body = json.loads(out)
    assert (code, body["packages"][0]["status"]) == (3, "unknown")
    assert "other.db" in body["unexamined"][0]["why"]


@pytest.mark.parametrize(
    "text",
    [
        LOCK[:-200],
        LOCK.replace("version = 1\n", "version = 2\n", 1),
        LOCK.replace("version = 1\n", "", 1),
        LOCK + LOCK[LOCK.index("[[package]]") :],
        LOCK.replace('"numpy"\nversion = "2.0.0"', '"torch"\nversion = "2.6.0"'),
        LOCK.replace(HASH, "sha256:short"),
        LOCK.replace("[[package]]", "[package]"),
        "\0" * 100,
        "{}",
        "version = 1\n",
    ],
)
def test_a_lock_that_is_not_whole_is_never_clean(as_json: Any, text: str) -> None:
    """Nor is one with entries that stand in it twice, or that contradict each other."""
    for bad, good in (('"hostile"', '"harmless"'), ('"odd"', '"even"'), ("2.5.1+", "2.6.0+")):
        text = text.replace(bad, good)
    Path("uv.lock").write_text(text)
    code, body = as_json("uv.lock", "--fail-on", "critical")
    assert code == 3
    assert body["unexamined"]


def test_includes_in_a_circle_end(as_json: Any) -> None:
    Path("a.txt").write_text("-r b.txt\n" + pin("numpy", "2.0.0"))
    Path("b.txt").write_text("-r a.txt\n" + pin("torch", "2.5.1"))
    code, body = as_json("a.txt")
    assert code == 1
    assert {(each["file"], each["name"]) for each in body["packages"]} >= {("a.txt", "numpy"), ("b.txt", "torch")}


@pytest.mark.parametrize(
    "args",
    [
        [], ["nowhere"], ["empty"], ["r.txt", "--max-age", "-1"], ["r.txt", "--fail-on", "worst"],
        ["r.txt", "--policy", "nowhere"], ["r.txt", "--mirror", "index.example"], ["r.txt", "--output", "no/folder"],
    ],
)  # fmt: skip
def test_a_wrong_command_line(said: Any, db: str, args: list[str]) -> None:
    Path("r.txt").write_text(pin("numpy", "2.0.0"))
    Path("empty").mkdir()
    with pytest.raises(UsageError):
        said(*args)


# -- for machines


def test_the_json_that_others_rely_on(as_json: Any) -> None:
    Path("uv.lock").write_text(LOCK)
    _, body = as_json("uv.lock")
    assert body["schema"] == "modelward/deps/1"
    assert body["coverage"] == {"packages": 4, "matched": 3, "unknown": 1}
    assert body["database"].keys() == {"digest", "newest", "records"}
    assert (body["database"]["newest"], body["database"]["records"]) == (NEWEST, 5)
    assert body["packages"][-1] == {
        "name": "torch", "version": "2.5.1+cu121", "file": "uv.lock", "line": 36, "status": "matched", "why": "",
        "advisories": ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"],
    }  # fmt: skip
    assert body["packages"][2]["status"] == "unknown"
    found = body["findings"][1]
    assert {key: found[key] for key in ("rule", "severity", "file", "line")} == {
        "rule": "package-vulnerable", "severity": "critical", "file": "uv.lock", "line": 36,
    }  # fmt: skip
    assert found["evidence"]["package"] == "torch"
    assert found["message"]
    assert {"file", "line", "why"} <= body["unexamined"][0].keys()


def test_sarif_shows_the_line_of_the_lock(said: Any, db: str) -> None:
    Path("uv.lock").write_text(LOCK)
    _, out = said("uv.lock", "--database", db, "--format", "sarif")
    document = json.loads(out)
    SCHEMA.validate(document)
    results = document["runs"][0]["results"]
    lines = [each["locations"][0]["physicalLocation"]["region"]["startLine"] for each in results]
    named = [f'name = "{name}"' for name in ("hostile", "torch", "odd")]
    assert [LOCK.splitlines()[line - 1] for line in lines] == named
    logical = [each["locations"][0].get("logicalLocations") for each in results]
    assert logical[1] == [{"fullyQualifiedName": "torch 2.5.1+cu121", "kind": "package"}]
    assert {each["id"] for each in document["runs"][0]["tool"]["driver"]["rules"]} == {
        "package-malicious", "package-vulnerable", "unexamined",
    }  # fmt: skip


def test_junit_has_a_case_for_each_package(said: Any, db: str) -> None:
    Path("r.txt").write_text(pin("numpy", "2.0.0") + pin("torch", "2.7.0"))  # the last has a finding of low severity
    _, out = said("r.txt", "--database", db, "--format", "junit")
    (suite,) = ET.fromstring(out)
    assert suite.attrib.items() >= {"tests": "2", "failures": "0", "errors": "0"}.items()
    assert [case.get("name") for case in suite] == ["numpy 2.0.0", "torch 2.7.0"]
    Path("r.txt").write_text(pin("numpy", "2.0.0") + pin("torch", "2.5.1") + pin("odd", "1.0"))
    _, out = said("r.txt", "--database", db, "--format", "junit")
    (suite,) = ET.fromstring(out)
    assert [(case.get("name"), [each.tag for each in case]) for case in suite] == [
        ("r.txt:2:1 GHSA-aaaa-bbbb-cccc", ["failure"]),
        ("r.txt:3:1", ["error"]),
        ("numpy 2.0.0", []),
    ]


def test_annotations(said: Any, db: str) -> None:
    Path("uv.lock").write_text(LOCK)
    code, out = said("uv.lock", "--database", db, "--format", "github")
    lines = out.splitlines()
    assert code == 1
    assert lines[1].startswith("::error file=uv.lock,line=36,col=1,title=modelward critical%3A package-vulnerable::")
    assert lines[2].startswith("::warning file=uv.lock,line=28,")
    assert lines[3] == "flagged: 2 critical, 1 unexamined, 4 packages (exit 1)"


def vulns(out: str) -> Any:
    statement = json.loads(out)
    read = foreign.read(statement["predicateType"], statement["predicate"], Location(None))
    assert read is not None
    return read, statement["predicate"]["scanner"]


def test_vulns_is_read_as_what_others_make(said: Any, db: str) -> None:
    Path("uv.lock").write_text(LOCK)
    _, out = said("uv.lock", "--database", db, "--format", "vulns")
    read, scanner = vulns(out)
    assert [each["id"] for each in scanner["result"]] == ["MAL-2026-1", "GHSA-aaaa-bbbb-cccc", "unexamined"]
    assert scanner["db"] == {"lastUpdate": NEWEST, "version": scanner["db"]["version"]}
    assert [len(part) for part in read] == [3, 0]
    _, out = said("uv.lock", "--format", "vulns")
    read, scanner = vulns(out)
    assert "db" not in scanner  # the format wants its date
    assert read[0]  # an empty list would say that nothing is wrong


def policy(*more: str) -> str:
    text = 'schema="modelward/policy/1"\nname="n"\ndeny.severity="medium"\nneed=[{id="a", predicate="p", why="w"}]\n'
    Path("policy.toml").write_text(text + "\n".join(more))
    return "policy.toml"


def test_what_the_policy_accepts_is_shown_until_its_day(said: Any, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("r.txt").write_text(pin("torch", "2.5.1"))
    name = policy('[[dependencies.ignore]]\nadvisory = "CVE-2026-1"\nexpires = 2026-01-09\nreason = "never loaded"')
    code, out = said("r.txt", "--database", db, "--policy", name)
    assert code == 0
    assert "until 2026-01-09: never loaded" in out
    _, out = said("r.txt", "--database", db, "--policy", name, "--format", "vulns")
    assert [each["id"] for each in vulns(out)[1]["result"]] == ["GHSA-aaaa-bbbb-cccc"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(EPOCH) + 86_400))
    assert said("r.txt", "--database", db, "--policy", name, "--quiet")[0] == 1


def test_the_cool_down(said: Any, db: str) -> None:
    Path("uv.lock").write_text(uv_lock(("numpy", "2.0.0"), uploaded="2026-01-05T00:00:00Z"))
    assert said("uv.lock", "--database", db, "--quiet")[0] == 0
    assert said("uv.lock", "--database", db, "--cool-down", "4", "--quiet")[0] == 0
    code, out = said("uv.lock", "--database", db, "--cool-down", "7")
    assert (code, "package-too-new" in out) == (1, True)
    Path("r.txt").write_text(pin("numpy", "2.0.0"))
    assert said("r.txt", "--database", db, "--cool-down", "7", "--quiet")[0] == 3  # it says no time


def test_an_environment_beside_its_lock(as_json: Any) -> None:
    install(Path("venv"), "numpy", "2.0.0", {"numpy/__init__.py": b""})
    assert as_json("venv")[0] == 0
    Path("venv", SITE, "numpy/__init__.py").write_bytes(b"import os")
    code, body = as_json("venv")
    assert code == 1
    assert [each["file"] for each in body["packages"]] == [f"venv/{SITE}/numpy-2.0.0.dist-info/METADATA"]


def test_a_wheel(as_json: Any) -> None:
    Path("torch-2.5.1-py3-none-any.whl").write_bytes(wheel("torch", "2.5.1"))
    code, body = as_json("torch-2.5.1-py3-none-any.whl")
    assert code == 1
    assert body["packages"][0]["advisories"] == ["GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"]


def test_names_steer_no_terminal(db: str, said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "\x1b]0;owned\x07\u202e\x9b2J"
    Path("r.txt").write_text(f"torch=={evil}\n{evil}==1\n-r {evil}.txt\nx @ https://files.example/{evil}.whl\n")
    Path("uv.lock").write_text(uv_lock(("torch", evil.encode("unicode_escape").decode().replace("\\x", "\\u00"))))
    for name in ("r.txt", "uv.lock"):
        for form in ("text", "github", "junit"):
            code, out = said(name, "--database", db, "--format", form)
            assert code
            assert dangerous(out.replace("\n", "")) == []


# -- the report in a file, the statement


def test_the_report_goes_to_a_file(said: Any, db: str) -> None:
    Path("r.txt").write_text(pin("torch", "2.5.1"))
    code, out = said("r.txt", "--database", db, "--format", "json", "--output", "out.json")
    assert (code, out) == (1, "flagged: 1 critical, 0 unexamined, 1 package (exit 1)\n")
    assert json.loads(Path("out.json").read_bytes())["schema"] == "modelward/deps/1"


def statement(said: Any, db: str, *targets: str) -> tuple[bytes, Any]:
    said(*targets, "--database", db, "--statement", "s.json", "--quiet")
    raw = Path("s.json").read_bytes()
    body = json.loads(raw)
    assert body["predicateType"] == PREDICATE_TYPE
    assert str(Path.cwd()) not in raw.decode()
    return raw, body


def test_the_statement_is_read_again(said: Any, db: str) -> None:
    Path("uv.lock").write_text(LOCK)
    raw, body = statement(said, db, "uv.lock")
    assert statement(said, db, "uv.lock")[0] == raw
    predicate = CHECK.decode(body["predicate"])
    assert CHECK.encode(predicate) == body["predicate"]
    assert [each.rule.id for each in CHECK.read(predicate) if isinstance(each, Finding)] == [
        "package-malicious", "package-vulnerable",
    ]  # fmt: skip
    assert len(list(CHECK.read(predicate))) == 3


def test_a_statement_is_the_same_however_its_files_were_named(said: Any, db: str) -> None:
    install(Path("venv"), "torch", "2.5.1", {"torch/__init__.py": b""})
    Path("uv.lock").write_text(LOCK)
    Path("other").mkdir()
    raw, body = statement(said, db, "venv", "uv.lock")
    assert {each["file"] for each in body["predicate"]["packages"]} == {
        f"venv/{SITE}/torch-2.5.1.dist-info/METADATA", "uv.lock",
    }  # fmt: skip
    here = Path.cwd()
    assert statement(said, db, str(here / "venv"), str(here / "uv.lock"))[0] == raw
    assert statement(said, db, "./other/../venv/", "./uv.lock")[0] == raw


def test_a_password_of_a_mirror_is_not_kept(said: Any, db: str) -> None:
    Path("r.txt").write_text(pin("numpy", "2.0.0"))
    said("r.txt", "--database", db, "--mirror", "https://me:secret@index.example/simple", "--statement", "s.json")
    text = Path("s.json").read_text()
    assert "secret" not in text
    assert json.loads(text)["predicate"]["policy"]["mirrors"] == [INDEX]


def mutated(body: Any, draw: Any) -> Any:
    """*body* with one value in it replaced, removed, or one more."""
    if isinstance(body, dict) and body and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(body)))
        return body | {key: mutated(body[key], draw)}
    if isinstance(body, list) and body and draw(st.integers(0, 5)):
        at = draw(st.integers(0, len(body) - 1))
        return [*body[:at], mutated(body[at], draw), *body[at + 1 :]]
    if isinstance(body, dict):
        less = {key: value for key, value in body.items() if key != draw(st.sampled_from([*sorted(body), ""]))}
        return draw(st.sampled_from([less, body | {"more": 1}, None, [], "x"]))
    if isinstance(body, list):
        return draw(st.sampled_from([[*body, *body[:1]], body[1:], [*body, 1], None, {}, "x"]))
    return draw(st.sampled_from([None, True, 0, -1, 1.5, "", "x", [], {}, [body]]))


@pytest.fixture
def predicate(said: Any, db: str) -> Mapping[str, Any]:
    Path("uv.lock").write_text(LOCK)
    name = policy('[[dependencies.ignore]]\nadvisory = "CVE-2026-1"\nexpires = 2026-02-01\nreason = "never loaded"')
    said("uv.lock", "--database", db, "--policy", name, "--statement", "s.json")
    body: Mapping[str, Any] = json.loads(Path("s.json").read_bytes())["predicate"]
    return body


@given(data=st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_other_statement_is_read(predicate: Mapping[str, Any], data: st.DataObject) -> None:
    """What is read is exactly what is written, and it does not contradict itself."""
    body = mutated(predicate, data.draw)
    try:
        read = CHECK.decode(body)
    except Malformed:
        return
    assert canonical.encode(CHECK.encode(read)) == canonical.encode(body)
    statuses = [each["status"] for each in body["packages"]]
    assert body["coverage"] == {
        "packages": len(statuses), "matched": statuses.count("matched"), "unknown": statuses.count("unknown"),
    }  # fmt: skip
    assert read.unexamined or "unknown" not in statuses
