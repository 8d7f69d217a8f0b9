"""A store in which somebody, a crash or a full disk has left what no writer of ours leaves."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stores.evidence import entry, held, store, tree

from modelward.app.log import Asked, verify_store
from modelward.stores.evidence_store import EvidenceStore
from modelward.stores.lock import Unwritable
from modelward.stores.log import Log
from modelward.stores.oci_documents import sha256
from modelward.stores.oci_layout import Damaged


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power fails during a test."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def changed(folder: str, *statements: str) -> None:
    database = sqlite3.connect(Path(folder, "index.sqlite"))
    for each in statements:
        database.execute(each)
    database.commit()
    database.close()


# -- the index says what it likes

STALE = "UPDATE state SET value = 'x' WHERE name IN ('identity', 'layout')"
LIES = [
    ("UPDATE statement SET about = 'garbage' || about",),
    ("UPDATE statement SET size = 'many'",),
    ("UPDATE statement SET size = x'ff'",),
    ("UPDATE statement SET media_type = 7",),
    ("UPDATE statement SET position = 'first'",),
    ("UPDATE statement SET statement = 'sha256:../../' || about",),
    ("UPDATE state SET value = 'many' WHERE name = 'logged'", STALE),
    ("UPDATE state SET value = -5 WHERE name = 'logged'", STALE),
    ("UPDATE subject SET referrers = x'00'", STALE),
    ("UPDATE subject SET why = 5",),
]


@pytest.mark.parametrize("lies", LIES)
def test_an_index_of_other_kinds_of_values_is_made_anew(tmp_path: Path, lies: tuple[str, ...]) -> None:
    folder = store(tmp_path / "store", 1, 2)
    changed(folder, *lies)
    assert held(folder) == {entry(1).kept.statement, entry(2).kept.statement}
    with EvidenceStore(folder) as opened:
        opened.add([entry(3), entry(4, about=tree(1))])
        opened.rebuild()
        assert opened.verify() == []
        assert len(opened.find()) == 4


@pytest.mark.parametrize("lies", LIES)
def test_who_writes_is_not_kept_from_it_by_the_index(tmp_path: Path, lies: tuple[str, ...]) -> None:
    folder = store(tmp_path / "store", 1)
    changed(folder, *lies)
    with EvidenceStore(folder) as opened:
        opened.add([entry(2, about=tree(1))])
        opened.rebuild()
        assert opened.verify() == []
    assert held(folder) == {entry(1).kept.statement, entry(2, about=tree(1)).kept.statement}


@pytest.mark.parametrize("lie", ["tag = '1'", "held = 2", "position = position + 5"])
def test_all_of_the_index_is_compared(tmp_path: Path, lie: str) -> None:
    folder = store(tmp_path / "store", 1, 2)
    changed(folder, f"UPDATE statement SET {lie}")
    with EvidenceStore(folder) as opened:
        assert opened.verify() == [
            "index.sqlite says something else than the layout: modelward store rebuild makes it anew"
        ]


def test_every_place_of_the_index_is_verified(tmp_path: Path) -> None:
    """Also where only a search would find a digest."""
    folder = store(tmp_path / "store", 1)
    file = Path(folder, "index.sqlite")
    whole, digest = file.read_bytes(), str(tree(1)).encode()
    places = [at.start() for at in re.finditer(re.escape(digest), whole)]
    assert len(places) > 1
    for at in places:
        file.write_bytes(whole[: at + 20] + bytes([whole[at + 20] ^ 1]) + whole[at + 21 :])
        with EvidenceStore(folder) as opened:
            assert opened.verify() or file.read_bytes()[at + 20] == whole[at + 20]
            opened.rebuild()
            assert opened.verify() == []
        file.write_bytes(whole)


def test_the_index_has_no_statement_removed(tmp_path: Path) -> None:
    """A list that was replaced is removed: not what the index says that it was."""
    folder = store(tmp_path / "store", 1, 2)
    statement = entry(2).kept.statement
    changed(folder, f"UPDATE subject SET referrers = '{statement.value}'")
    with EvidenceStore(folder) as opened:
        opened.add([entry(3, about=tree(1))])
        assert opened.layout.has(statement, entry(2).kept.size)


# -- what is missing


def test_a_blob_that_nobody_reads_is_missed(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1)
    Path(folder, "blobs/sha256", sha256(b"{}").value).unlink()
    with EvidenceStore(folder) as opened:
        assert opened.verify() == [f"blob {sha256(b'{}')} is missing"]
        opened.add([entry(1)])
        assert opened.verify() == []


def test_no_blobs_at_all(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1)
    shutil.rmtree(Path(folder, "blobs"))
    with EvidenceStore(folder) as opened:
        assert any("blobs/sha256' cannot be read" in each for each in opened.verify())


def test_a_log_that_is_gone_is_begun_anew_only_by_who_says_so(tmp_path: Path) -> None:
    """Else the next one who lists the statements would cover up for whoever removed it."""
    folder = store(tmp_path / "store", 1)
    shutil.rmtree(Path(folder, "log"))
    Path(folder, "index.sqlite").unlink()
    with EvidenceStore(folder) as opened:
        for use in (opened.find, lambda: opened.add([entry(2)])):
            with pytest.raises(Damaged, match="its log is gone; restore a copy of it, or begin another one with"):
                use()
        assert not Path(folder, "log").exists()
        opened.rebuild()
        assert opened.verify() == []


def test_a_record_that_is_none_is_named(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1)
    Log.open(Path(folder, "log")).append([b"[]"])
    with EvidenceStore(folder) as opened, pytest.raises(Damaged, match="record 1 of its log: an entry of the log that"):
        opened.add([entry(2)])


# -- what was not finished


def cut_short(folder: str, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """A statement gets into the layout, and not into the log."""

    def fails(log: Log, records: object) -> range:
        raise error

    with monkeypatch.context() as patch, EvidenceStore(folder) as opened:
        patch.setattr(Log, "append", fails)
        with pytest.raises(type(error)):
            opened.add([entry(2)])


def _verify(folder: str) -> object:
    with EvidenceStore(folder) as opened:
        return opened.verify()


@pytest.mark.parametrize("verify", [_verify, lambda folder: list(verify_store(folder, Asked()).problems)])
def test_a_writer_that_was_killed_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verify: Callable[[str], object]
) -> None:
    folder = store(tmp_path / "store", 1)
    cut_short(folder, monkeypatch, KeyboardInterrupt())
    assert verify(folder) == []
    assert Log.load(Path(folder, "log")).size == 2


def test_a_log_that_went_back_is_not_taken_for_one(tmp_path: Path) -> None:
    """What verifies it finishes only what a writer has begun."""
    folder = store(tmp_path / "store", 1)
    shutil.copytree(Path(folder, "log"), tmp_path / "log")
    with EvidenceStore(folder) as opened:
        opened.add([entry(2)])
    for gone in ((), ("index.sqlite",)):
        shutil.rmtree(Path(folder, "log"))
        shutil.copytree(tmp_path / "log", Path(folder, "log"))
        for name in gone:
            Path(folder, name).unlink()
        result = verify_store(folder, Asked())
        assert [(each.kind, each.where) for each in result.problems] == [("unlogged", str(entry(2).kept.statement))]


def test_a_disk_that_is_full_is_read_and_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = store(tmp_path / "store", 1)
    cut_short(folder, monkeypatch, Unwritable("full"))
    Path(folder, "blobs/sha256", "a" * 64).write_bytes(b"of a writer that was killed")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert held(folder) == {entry(1).kept.statement, entry(2).kept.statement}
    with EvidenceStore(folder) as opened:
        assert [kept.statement for kept in opened.certain(tree(2))] == [entry(2).kept.statement]
        assert opened.gc().blobs == 1
        with pytest.raises(Unwritable, match="no space left on device"):
            opened.add([entry(3)])
