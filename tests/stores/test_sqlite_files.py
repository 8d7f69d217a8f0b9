"""A database that somebody else has filled: opening it writes, removes and waits for nothing beside it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.stores.evidence import entry, held, store

from modelward.stores.sqlite_files import refuse_traps

MAGIC = bytes.fromhex("d9d505f920a163d7")


def journal(pages: int, super_journal: str = "") -> bytes:
    """A hot one, which changes no page: https://www.sqlite.org/fileformat2.html#the_rollback_journal"""
    numbers = (0, 1, pages, 512, 4096)
    head = (MAGIC + b"".join(number.to_bytes(4) for number in numbers)).ljust(512, b"\0")
    if not super_journal:
        return head
    name = os.fsencode(super_journal)
    lock_page = (0x40000000 // 4096 + 1).to_bytes(4)
    return head + lock_page + name + len(name).to_bytes(4) + sum(name).to_bytes(4) + MAGIC


def database(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE t (x)")
    return path


def test_sqlite_itself_removes_what_a_journal_names(tmp_path: Path) -> None:
    """Else there is nothing to refuse."""
    file, victim = database(tmp_path / "a.sqlite"), tmp_path / "victim"
    victim.write_text("mine")
    Path(f"{file}-journal").write_bytes(journal(file.stat().st_size // 4096, str(victim)))
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("SELECT * FROM t").fetchall()
    assert not victim.exists()


def test_a_store_does_not(tmp_path: Path) -> None:
    folder = store(tmp_path / "store", 1)
    victim, file = tmp_path / "victim", Path(folder, "index.sqlite")
    victim.write_text("mine")
    Path(f"{file}-journal").write_bytes(journal(file.stat().st_size // 4096, str(victim)))
    assert held(folder) == {entry(1).kept.statement}
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("name", ["index.sqlite", "index.sqlite-journal", "index.sqlite-wal", "index.sqlite-shm"])
def test_a_store_waits_for_no_pipe(tmp_path: Path, name: str) -> None:
    folder = store(tmp_path / "store", 1)
    Path(folder, name).unlink(missing_ok=True)
    os.mkfifo(Path(folder, name))
    assert held(folder) == {entry(1).kept.statement}


@pytest.mark.parametrize("name", ["index.sqlite-wal", "index.sqlite-shm"])
def test_a_store_writes_through_no_link(tmp_path: Path, name: str) -> None:
    folder = store(tmp_path / "store", 1)
    (tmp_path / "victim").write_text("mine")
    Path(folder, name).symlink_to(tmp_path / "victim")
    assert held(folder) == {entry(1).kept.statement}
    assert (tmp_path / "victim").read_text() == "mine"
    assert not os.path.lexists(Path(folder, name))


@pytest.mark.parametrize("content", [None, b"", b"short", journal(2), MAGIC])
def test_what_a_killed_writer_leaves_is_none(tmp_path: Path, content: bytes | None) -> None:
    file = database(tmp_path / "a.sqlite")
    if content is not None:
        Path(f"{file}-journal").write_bytes(content)
    refuse_traps(file)
    refuse_traps(tmp_path / "none.sqlite")
