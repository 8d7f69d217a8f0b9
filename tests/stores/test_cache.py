"""The cache file: what it gives back, and that nothing which is not its own word is believed."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path
from threading import Thread

import pytest

from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.stores import cache
from modelward.stores.cache import FILE, Cache, Kept
from modelward.stores.files import Identity, identity_of

KIND = b"k" * 32


def blob(content: bytes) -> Blob:
    return Blob(Digest("sha256", hashlib.sha256(content).hexdigest()), len(content))


def kept(content: bytes, body: bytes = b"{}", identity: Identity | None = None) -> Kept:
    return Kept(blob(content), body, b"hint" + content, identity)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "new" / "cache")


def test_what_was_put_is_there_for_the_next_one(folder: str) -> None:
    first = Cache(folder, KIND)
    identity = Identity(1, 2**63 + 1, 3, -4, 5)
    first.put([kept(b"abc", b"one", identity), kept(b"x", b"two")])
    first.close()
    again = Cache(folder, KIND)
    assert again.get(blob(b"abc").digest) == b"one"
    assert again.get(blob(b"x").digest) == b"two"
    assert again.get(blob(b"y").digest) is None
    assert again.expects(b"hintabc") and not again.expects(b"other")
    assert again.blob(identity) == blob(b"abc")
    assert again.blob(Identity(1, 2**63 + 1, 3, -4, 6)) is None
    assert again.trouble == ""
    assert (Path(folder).stat().st_mode & 0o777) == 0o700


def test_other_rules_have_results_of_their_own(folder: str) -> None:
    Cache(folder, KIND).put([kept(b"abc", b"one")])
    other = Cache(folder, b"o" * 32)
    assert other.get(blob(b"abc").digest) is None
    assert not other.expects(b"hintabc")
    other.put([kept(b"abc", b"two")])
    assert Cache(folder, KIND).get(blob(b"abc").digest) == b"one"


def test_a_new_result_takes_the_place_of_the_old_one(folder: str) -> None:
    store = Cache(folder, KIND)
    store.put([kept(b"abc", b"one", Identity(1, 2, 3, 4, 5))])
    store.put([kept(b"abcd", b"two", Identity(1, 2, 4, 6, 6)), kept(b"abc", b"three")])
    assert store.get(blob(b"abc").digest) == b"three"
    assert store.blob(Identity(1, 2, 3, 4, 5)) is None


def test_without_a_body_only_the_identity_is_kept(folder: str) -> None:
    store = Cache(folder, KIND)
    store.put([kept(b"abc", b"", Identity(1, 2, 3, 4, 5))])
    assert store.get(blob(b"abc").digest) is None
    assert store.blob(Identity(1, 2, 3, 4, 5)) == blob(b"abc")


def change(folder: str, statement: str, *values: object) -> None:
    with sqlite3.connect(Path(folder) / FILE) as db:
        db.execute(statement, values)
    db.close()


@pytest.mark.parametrize("column", ["body", "size", "digest", "mark"])
@pytest.mark.parametrize("value", [b"[]", "text", 7, None])
def test_an_entry_that_is_not_as_it_was_written_is_none(folder: str, column: str, value: object) -> None:
    Cache(folder, KIND).put([kept(b"abc", b"{}")])
    change(folder, f"UPDATE result SET {column} = ?", value)
    store = Cache(folder, KIND)
    assert store.get(blob(b"abc").digest) is None
    assert store.trouble == ""


@pytest.mark.parametrize("value", [b"\0" * 32, b"", "text", 7, None])
def test_an_identity_that_leads_to_another_content_is_none(folder: str, value: object) -> None:
    identity = Identity(1, 2, 3, 4, 5)
    Cache(folder, KIND).put([kept(b"abc", b"{}", identity)])
    change(folder, "UPDATE seen SET digest = ?", value)
    assert Cache(folder, KIND).blob(identity) is None


def test_an_entry_of_one_content_cannot_be_moved_to_another(folder: str) -> None:
    Cache(folder, KIND).put([kept(b"abc", b"{}")])
    change(folder, "UPDATE result SET digest = ?", bytes.fromhex(blob(b"evil").digest.value))
    assert Cache(folder, KIND).get(blob(b"evil").digest) is None


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_one_line_of_trouble_and_nothing_else(folder: str, content: bytes) -> None:
    Path(folder).mkdir(parents=True)
    (Path(folder) / FILE).write_bytes(content)
    store = Cache(folder, KIND)
    store.put([kept(b"abc", b"{}")])
    assert store.get(blob(b"abc").digest) is None
    assert not store.expects(b"hintabc")
    assert FILE in store.trouble and "delete it" in store.trouble and "\n" not in store.trouble
    assert (Path(folder) / FILE).read_bytes() == content


def test_a_file_with_other_tables(folder: str) -> None:
    Path(folder).mkdir(parents=True)
    change(folder, "CREATE TABLE result (a INTEGER)")
    store = Cache(folder, KIND)
    store.put([kept(b"abc", b"{}")])
    assert store.get(blob(b"abc").digest) is None
    assert store.trouble


def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    Cache(str(folder), KIND).put([kept(b"abc", b"{}")])
    folder.chmod(0o777)
    store = Cache(str(folder), KIND)
    assert "others can write to it" in store.trouble
    assert store.get(blob(b"abc").digest) is None
    folder.chmod(0o700)
    (folder / FILE).chmod(0o666)
    assert Cache(str(folder), KIND).trouble
    (folder / FILE).chmod(0o600)
    assert Cache(str(folder), KIND).get(blob(b"abc").digest) == b"{}"


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    Cache(str(tmp_path / "mine"), KIND).put([kept(b"abc", b"{}")])
    (tmp_path / "other").mkdir(mode=0o700)
    (tmp_path / "other" / FILE).symlink_to(tmp_path / "mine" / FILE)
    assert Cache(str(tmp_path / "other"), KIND).trouble


@pytest.mark.parametrize("name", ["file/below", "file", "a\0b"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert Cache(str(tmp_path / name), KIND).trouble


def test_the_oldest_go_first(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST", 3)
    store = Cache(folder, KIND)
    for number in range(5):
        store.put([kept(b"%d" % number, b"{}", Identity(1, number, 3, 4, 5))])
    assert [store.get(blob(b"%d" % number).digest) for number in range(5)] == [None, None, b"{}", b"{}", b"{}"]
    assert [store.blob(Identity(1, number, 3, 4, 5)) is None for number in range(5)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_result_too_large_to_keep_is_left_out(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_LARGEST", 3)
    store = Cache(folder, KIND)
    store.put([kept(b"a", b"1234"), kept(b"b", b"123")])
    assert store.get(blob(b"a").digest) is None
    assert store.get(blob(b"b").digest) == b"123"


def test_several_write_at_the_same_time(folder: str) -> None:
    troubles = []

    def write(name: int) -> None:
        store = Cache(folder, KIND)
        for number in range(20):
            store.put([kept(b"%d-%d" % (name, number), b"{}")])
        troubles.append(store.trouble)
        store.close()

    threads = [Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == [""] * 4
    store = Cache(folder, KIND)
    assert all(store.get(blob(b"%d-%d" % (name, number)).digest) for name in range(4) for number in range(20))


def test_one_who_holds_the_file_for_long_is_not_waited_for(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Cache(folder, KIND).put([kept(b"abc", b"{}")])
    other = sqlite3.connect(Path(folder) / FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(cache, "_WAIT", 0.01)
    store = Cache(folder, KIND)
    assert store.get(blob(b"abc").digest) is None
    assert "locked" in store.trouble
    other.close()


def test_what_identifies_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    first = identity_of(os.fsencode(file))
    assert first is not None and first.size == 3
    os.utime(file, ns=(1, 1))
    second = identity_of(os.fsencode(file))
    assert second is not None and second != first and second.modified == 1
    assert not second.is_older(1, second.changed) and second.is_older(1, second.changed + 1)
    assert identity_of(os.fsencode(tmp_path)) is None
    (tmp_path / "link").symlink_to(file)
    assert identity_of(os.fsencode(tmp_path / "link")) is None
    assert identity_of(b"/nowhere") is None


# --- hostile files ---


@pytest.mark.parametrize("value", ["text", 7, 1.5, None, b"", b"\0" * 31])
def test_marks_do_not_make_sense_of_nonsense(folder: str, value: object) -> None:
    """Whoever makes such a file can compute its marks, too."""
    identity = Identity(1, 2, 3, 4, 5)
    Cache(folder, KIND).put([kept(b"abc", b"{}", identity)])
    mark = cache._mark(identity.place, identity.state, value)  # type: ignore[arg-type]
    change(folder, "UPDATE seen SET digest = ?, mark = ?", value, mark)
    assert Cache(folder, KIND).blob(identity) is None
    raw = bytes.fromhex(blob(b"abc").digest.value)
    change(folder, "UPDATE result SET body = ?, mark = ?", value, cache._mark(KIND, raw, 3, value))  # type: ignore[arg-type]
    assert Cache(folder, KIND).get(blob(b"abc").digest) in (None, value)


@pytest.mark.parametrize(
    "made",
    [
        "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER more AFTER INSERT ON result BEGIN DELETE FROM result; END",
        "DROP TABLE result; CREATE VIEW result AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS kind, i AS digest, i AS size, i AS hint, i AS body, i AS mark FROM n",
    ],
)
def test_a_file_that_computes_what_it_says_is_not_used(folder: str, made: str) -> None:
    Cache(folder, KIND).close()
    with sqlite3.connect(Path(folder) / FILE) as db:
        db.executescript(made)
    db.close()
    store = Cache(folder, KIND)
    assert "is not used" in store.trouble
    assert store.get(blob(b"abc").digest) is None


def test_a_body_without_end_is_not_loaded(folder: str) -> None:
    Cache(folder, KIND).put([kept(b"abc", b"{}")])
    change(folder, "UPDATE result SET body = zeroblob(?)", 50_000_000)
    store = Cache(folder, KIND)
    assert store.get(blob(b"abc").digest) is None
    assert "is not used" in store.trouble


@pytest.mark.parametrize("name", ["model", "model/.cache", "link/x", "model/../model/x", "./model/x/y"])
def test_a_folder_in_what_is_examined_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whoever made the model could have put results there."""
    (tmp_path / "model").mkdir()
    (tmp_path / "link").symlink_to("model")
    monkeypatch.chdir(tmp_path)
    for target in ("model", str(tmp_path / "model"), "link", "."):
        store = Cache(name, KIND, ["other", target])
        assert f"it lies in '{target}', whose author" in store.trouble
        store.put([kept(b"abc", b"{}")])
        assert store.get(blob(b"abc").digest) is None
    assert list((tmp_path / "model").iterdir()) == []
    assert Cache("model-cache", KIND, ["model", "https://example.org/model-cache"]).trouble == ""


def test_a_folder_that_can_only_be_read_still_gives_what_it_has(unprivileged: Path) -> None:
    folder = unprivileged / "cache"
    first = Cache(str(folder), KIND)
    first.put([kept(b"abc", b"one")])
    first.close()
    (folder / FILE).chmod(0o400)
    folder.chmod(0o500)
    store = Cache(str(folder), KIND)
    assert (store.get(blob(b"abc").digest), store.trouble) == (b"one", "")
    store.put([kept(b"x", b"two")])
    assert "readonly" in store.trouble
    folder.chmod(0o700)
