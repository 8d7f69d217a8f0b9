"""Results of earlier runs: they change nothing but the time that it takes."""

from __future__ import annotations

import os
import pickle
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from tests.corpus.opcodes import call, name, stream, text
from tests.report.hostile import hostile_text
from tests.report.samples import CALL, RULES, found, gap

from modelward import app
from modelward.app import cached, one_file, reading
from modelward.checks.scan.model import FileScan, decode_file, encode_file
from modelward.checks.scan.walk import examine
from modelward.core import canonical
from modelward.core.artifact import Blob
from modelward.core.errors import Malformed
from modelward.core.finding import Finding, Unexamined
from modelward.core.limits import Limits
from modelward.core.result import ScanResult
from modelward.stores.cache import FILE, Kept
from modelward.stores.files import FileSource, identity_of

EVIL = stream(call(name("os", "system"), text("echo this is harmless")))
GOOD = pickle.dumps({"layers": [1, 2, 3]}, 4)
CONFIG = b'{"auto_map": {"AutoModel": "modeling_x.XModel"}}'
LONG = pickle.dumps({"text": "x" * 600_000}, 4)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    files = {"evil.pkl": EVIL, "good.pkl": GOOD, "cut.pkl": GOOD[:-3], "long.pkl": LONG, "config.json": CONFIG}
    for path, content in files.items():
        (folder / path).write_bytes(content)
    (folder / "modeling_x.py").write_bytes(b"import torch\n")
    (folder / "link.pkl").symlink_to("evil.pkl")
    return folder


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[ScanResult, list[str]]]]:
    """Scans with a cache, and says which files were examined rather than known."""

    def run(target: Path, trust_stat: bool = False, folder: str = "cache") -> tuple[ScanResult, list[str]]:
        examined: list[str] = []
        read = one_file.Reader._examined

        def noticed(self: one_file.Reader, job: one_file.Job) -> one_file.Read:
            examined.append(job.path)
            return read(self, job)

        with monkeypatch.context() as patch, app.effort(1, str(tmp_path / folder), trust_stat) as how:
            patch.setattr(one_file.Reader, "_examined", noticed)
            result = app.scan(str(target), how=how)
            assert how.known and how.known.trouble == ""
        return result, sorted(examined)

    yield run


Scan = Callable[..., tuple[ScanResult, list[str]]]


def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    names: list[bytes] = []
    begin = FileSource.__init__

    def noticed(self: FileSource, path: bytes) -> None:
        names.append(path.rpartition(b"/")[2])
        begin(self, path)

    monkeypatch.setattr(FileSource, "__init__", noticed)
    return names


def age(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets three seconds pass for all that looks at the clock here."""
    later = time.time_ns() + 3_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: later)


def test_a_second_scan_examines_nothing_and_says_the_same(model: Path, scan: Scan) -> None:
    plain = app.scan(str(model))
    first, examined = scan(model)
    assert first == plain
    assert examined == ["config.json", "cut.pkl", "evil.pkl", "good.pkl", "long.pkl", "modeling_x.py"]
    assert scan(model) == (plain, [])


def test_the_same_content_is_known_wherever_it_lies(model: Path, scan: Scan, tmp_path: Path) -> None:
    scan(model)
    (tmp_path / "x.bin").write_bytes(LONG)
    result, examined = scan(tmp_path / "x.bin")
    assert (result, examined) == (app.scan(str(tmp_path / "x.bin")), [])


def test_a_changed_file_is_examined_again(model: Path, scan: Scan) -> None:
    scan(model)
    (model / "good.pkl").write_bytes(EVIL[: len(GOOD)])
    changed = LONG[:300_000] + b"y" + LONG[300_001:]
    (model / "long.pkl").write_bytes(changed)
    result, examined = scan(model)
    assert examined == ["good.pkl", "long.pkl"]
    assert result == app.scan(str(model))


def test_what_a_configuration_names_is_read_every_time(model: Path, scan: Scan) -> None:
    scan(model)
    (model / "modeling_x.py").rename(model / "modeling_y.py")
    result, examined = scan(model)
    assert examined == []
    assert result == app.scan(str(model))


def test_statements_of_a_check_are_the_same(model: Path, tmp_path: Path) -> None:
    app.check(str(model), statements=str(tmp_path / "plain"))
    for _ in range(2):
        with app.effort(1, str(tmp_path / "cache")) as how:
            app.check(str(model), statements=str(tmp_path / "cached"), how=how)
    for path in (tmp_path / "plain").iterdir():
        assert (tmp_path / "cached" / path.name).read_bytes() == path.read_bytes()


# --- without reading ---


def test_files_with_times_as_before_are_not_opened(model: Path, scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = app.scan(str(model))
    age(model, monkeypatch)
    scan(model)
    names = opened(monkeypatch)
    assert scan(model, trust_stat=True) == (plain, [])
    assert names == [b"config.json"]


def test_a_file_that_was_just_written_is_read_again(model: Path, scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its next content could come within the same tick of the clock."""
    scan(model)
    names = opened(monkeypatch)
    scan(model, trust_stat=True)
    assert len(set(names)) == 6


def test_a_file_of_the_future_is_read_again(model: Path, scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    age(model, monkeypatch)
    os.utime(model / "good.pkl", ns=(2**62, 2**62))
    scan(model)
    names = opened(monkeypatch)
    scan(model, trust_stat=True)
    assert sorted(set(names)) == [b"config.json", b"good.pkl"]


def test_times_that_were_set_back_do_not_hide_a_change(
    model: Path, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(model, monkeypatch)
    scan(model)
    info = (model / "good.pkl").stat()
    (model / "good.pkl").write_bytes(EVIL[: len(GOOD)].ljust(len(GOOD), b"."))
    os.utime(model / "good.pkl", ns=(info.st_atime_ns, info.st_mtime_ns))
    assert (model / "good.pkl").stat().st_size == info.st_size
    result, examined = scan(model, trust_stat=True)
    assert examined == ["good.pkl"]
    assert result == app.scan(str(model))


def test_another_file_in_its_place_is_read(model: Path, scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    age(model, monkeypatch)
    scan(model)
    (model / "new").write_bytes(EVIL)
    (model / "new").replace(model / "good.pkl")
    assert scan(model, trust_stat=True)[0] == app.scan(str(model))


def test_a_check_hashes_whatever_it_is_told(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    age(model, monkeypatch)
    names: list[bytes] = []
    for _ in range(2):
        with app.effort(1, str(tmp_path / "cache"), trust_stat=True) as how:
            names = opened(monkeypatch)
            app.check(str(model), how=how)
    assert len(set(names)) == 6


# --- what a result depends on ---


def test_other_code_limits_or_tables_know_nothing(
    model: Path, scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(model)
    limits = replace(Limits(), depth=3)
    known = cached.Known(str(tmp_path / "cache"), limits)
    digests = app.scan(str(model)).digests.values()
    assert [known.find(digest) for digest in digests] == [None] * len(digests)
    assert all(cached.Known(str(tmp_path / "cache"), Limits()).find(digest) for digest in digests)
    monkeypatch.setattr(cached, "_code", lambda: "other")
    assert len(scan(model)[1]) == 6
    monkeypatch.undo()
    assert scan(model)[1] == []
    monkeypatch.setattr(cached, "rules_version", lambda: "other")
    assert len(scan(model)[1]) == 6


def test_the_code_is_all_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in cached._SOURCES:
        (tmp_path / part / "below").mkdir(parents=True)
    monkeypatch.setattr(cached, "files", lambda _: tmp_path)
    seen = {cached._code()}
    for part in cached._SOURCES:
        (tmp_path / part / "below" / "__pycache__").mkdir()
        (tmp_path / part / "below" / "__pycache__" / "x.pyc").write_bytes(b"x")
        assert cached._code() in seen
        for path in ("rules_x.py", "below/data.txt"):
            for content in (b"", b"x"):
                (tmp_path / part / path).write_bytes(content)
                code = cached._code()
                assert code not in seen
                seen.add(code)


def test_entries_that_were_forged_without_care_are_found_anew(model: Path, scan: Scan, tmp_path: Path) -> None:
    plain, _ = scan(model)
    with sqlite3.connect(tmp_path / "cache" / FILE) as db:
        db.execute("UPDATE result SET body = ?", (encode_file(FileScan(("text",), (), (), 3, 3)),))
    db.close()
    result, examined = scan(model)
    assert result == plain
    assert len(examined) == 6


def test_words_that_json_cannot_carry_are_found_anew(model: Path, scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    def surrogate(file: FileScan) -> bytes:
        raise Malformed("a lone surrogate")

    monkeypatch.setattr(cached, "encode_file", surrogate)
    scan(model)
    assert len(scan(model)[1]) == 6


def test_trouble_is_said_and_changes_nothing(model: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "cache" / FILE).write_bytes(b"no database at all")
    with app.effort(1, str(tmp_path / "cache")) as how:
        assert app.scan(str(model), how=how) == app.scan(str(model))
        assert how.known and "is not used" in how.known.trouble


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_that_come_with_a_model_are_not_believed(
    model: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    """A cache in the model itself, with every file in it known as clean."""
    plain = app.scan(str(model))
    known = cached.Known(str(model / "cache"), Limits())
    clean = encode_file(FileScan(("text",), (), (), 3, 3))
    age(model, monkeypatch)
    for path in model.glob("*.*"):
        identity = identity_of(bytes(path.resolve()))
        assert identity
        known.keep([Kept(Blob(plain.digests[path.name], identity.size), clean, b"", identity)])
    known.close()
    assert app.scan(str(model)).outcome() == "flagged"
    with app.effort(jobs, str(model / "cache"), trust_stat=True) as how:  # as if it lay elsewhere
        assert app.scan(str(model / "evil.pkl"), how=how).outcome() == "clean"
    monkeypatch.setattr(reading, "_PATIENCE", 0)
    with app.effort(jobs, str(model / "cache"), True, [str(model)]) as how:
        assert app.scan(str(model), how=how).outcome() == "flagged"
        assert how.known and "whose author could put results there" in how.known.trouble


# --- the codec ---

FILE_SCAN = FileScan(
    ("pickle", "zip"),
    tuple(place.said for place in (found(inside=("a", "b"), does="x"), found(at=None))),  # type: ignore[misc]
    (Unexamined(gap(at=5).said.at, "why", "do"),),
    2**70,
    5,
)


def test_a_file_scan_is_read_as_it_was_written() -> None:
    assert decode_file(encode_file(FILE_SCAN), lambda: RULES) == FILE_SCAN


@given(hostile_text, hostile_text)
def test_any_words_survive_or_are_refused(message: str, does: str) -> None:
    said = found(CALL, message=message, does=does).said
    assert isinstance(said, Finding)
    file = FileScan(("pickle",), (said,), (), 1, 1)
    try:
        raw = encode_file(file)
    except Malformed:
        return
    assert decode_file(raw, lambda: RULES) == file


@pytest.mark.parametrize(
    "change",
    [
        {"formats": None},
        {"more": 1},
        {"findings": [{}]},
        {"findings": [1]},
        {"unexamined": {"a": 1}},
        {"size": "-"},
        {"size": 1.5},
        {"formats": [1]},
    ],
)
def test_anything_else_is_refused(change: dict[str, object]) -> None:
    body = canonical.decode(encode_file(FILE_SCAN)) | change
    with pytest.raises(Malformed):
        decode_file(canonical.encode(body), lambda: RULES)


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{}", b"\xff", b'{"a":1,"a":1}'])
def test_no_file_scan_at_all(raw: bytes) -> None:
    with pytest.raises(Malformed):
        decode_file(raw, lambda: RULES)


def test_a_rule_that_is_gone_is_no_finding() -> None:
    with pytest.raises(Malformed):
        decode_file(encode_file(FILE_SCAN), dict)


def test_examine_is_what_a_cache_is_for(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(EVIL)
    with FileSource(str(tmp_path / "x")) as source:
        scanned = examine(source, Limits())
    assert decode_file(encode_file(scanned), app.rules) == scanned
