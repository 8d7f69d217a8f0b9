"""What `log verify` notices, and what it calls it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.logs import KEY, copied, files, filled, place, records

from modelward.app.log import Asked, verify_log, verify_store
from modelward.attest import tiles
from modelward.attest.encoding import encode_base64
from modelward.attest.keys import generate
from modelward.attest.merkle import leaf_hash
from modelward.attest.note import WITNESS, Checkpoint, Verifier, sign
from modelward.attest.tiles import Bundle, Hashes, Tile
from modelward.core.digest import Digest
from modelward.core.errors import ReadError
from modelward.core.log import LogVerification
from modelward.stores.evidence_store import Entry, EvidenceStore
from modelward.stores.log import Log

NOBODY = Asked()


@pytest.fixture
def quick() -> Iterator[Path]:
    with place() as folder:
        yield folder


def told(result: LogVerification) -> list[tuple[str, str]]:
    return [(problem.kind, problem.where) for problem in result.problems]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 600])
def test_an_honest_log(quick: Path, size: int) -> None:
    filled(quick / "log", records(size))
    result = verify_log(quick / "log", NOBODY)
    assert (result.answer, result.exit_code, result.unused) == ("consistent", 0, ())
    assert result.head and (result.head.size, result.head.is_named) == (size, False)


def test_verifying_writes_nothing(quick: Path) -> None:
    filled(quick / "log", records(3))
    before = files(quick / "log")
    verify_log(quick / "log", NOBODY)
    assert files(quick / "log") == before
    with pytest.raises(ReadError, match="no log"):
        verify_log(quick / "none", NOBODY)
    assert not (quick / "none").exists()


# -- bits


def test_every_byte_of_a_small_log(quick: Path) -> None:
    folder = filled(quick / "log", records(5))._files.folder
    whole = {path: raw for path, raw in files(folder).items() if not path.startswith("key")}
    assert sorted(whole) == ["checkpoint", "tile/0/000.p/5", "tile/entries/000.p/5"]
    for path, raw in whole.items():
        for at in range(len(raw)):
            (folder / path).write_bytes(raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :])
            result = verify_log(folder, NOBODY)
            assert result.exit_code == 1, (path, at)
            assert path in [problem.where for problem in result.problems], (path, at, result.problems)
        (folder / path).write_bytes(raw)
    assert verify_log(folder, NOBODY).exit_code == 0


@settings(max_examples=25)
@given(st.data())
def test_a_bit_of_a_larger_log(data: st.DataObject) -> None:
    with place() as quick:
        folder = filled(quick / "log", records(600))._files.folder
        paths = sorted(path for path in files(folder) if not path.startswith("key"))
        path = data.draw(st.sampled_from(paths))
        raw = bytearray((folder / path).read_bytes())
        at = data.draw(st.integers(0, len(raw) * 8 - 1))
        raw[at // 8] ^= 1 << at % 8
        (folder / path).write_bytes(raw)
        result = verify_log(folder, NOBODY)
        assert result.exit_code == 1
        assert {problem.where for problem in result.problems} == {path}


@settings(max_examples=25)
@given(st.data())
def test_any_change_of_any_files(data: st.DataObject) -> None:
    """Never a crash, and never consistent, unless what the checkpoint covers is what it was."""
    with place() as quick:
        folder = filled(quick / "log", records(300))._files.folder
        before = files(folder)
        paths = sorted(path for path in before if path != "key")
        for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=3)):
            match data.draw(st.sampled_from(["remove", "cut", "swap", "noise", "add"])):
                case "remove":
                    (folder / path).unlink(missing_ok=True)
                case "cut":
                    raw = before[path]
                    (folder / path).write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
                case "swap":
                    (folder / path).write_bytes(before[data.draw(st.sampled_from(paths))])
                case "noise":
                    (folder / path).write_bytes(data.draw(st.binary(max_size=100)))
                case "add":
                    (folder / path).write_bytes(before[path] + data.draw(st.binary(min_size=1, max_size=40)))
        result = verify_log(folder, NOBODY)
        now = files(folder)
        if all(now.get(path) == before[path] for path in paths):
            assert result.exit_code == 0
        elif not result.problems:
            # only key.pub can be written in another way and say the same
            assert [path for path in paths if now.get(path) != before[path]] == ["key.pub"]


# -- names


def test_a_rewritten_record_is_named(quick: Path) -> None:
    folder = filled(quick / "log", records(600))._files.folder
    path = folder / Bundle(1, 256).path
    path.write_bytes(path.read_bytes().replace(b"record 300", b"record 3x0"))
    result = verify_log(folder, NOBODY)
    assert told(result) == [("rewritten", "tile/entries/001")]
    assert "record 300 is not the one" in result.problems[0].why


def test_a_record_rewritten_with_its_tile_is_named(quick: Path) -> None:
    folder = filled(quick / "log", records(600))._files.folder
    bundle, tile = folder / Bundle(1, 256).path, folder / Tile(0, 1, 256).path
    bundle.write_bytes(bundle.read_bytes().replace(b"record 300", b"record 3x0"))
    tile.write_bytes(tile.read_bytes().replace(leaf_hash(b"record 300"), leaf_hash(b"record 3x0")))
    result = verify_log(folder, NOBODY)
    assert told(result) == [("rewritten", "tile/entries/001")]
    assert "records 256 to 511" in result.problems[0].why


def test_a_record_and_another_hash_of_its_tile(quick: Path) -> None:
    folder = filled(quick / "log", records(600))._files.folder
    bundle, tile = folder / Bundle(1, 256).path, folder / Tile(0, 1, 256).path
    bundle.write_bytes(bundle.read_bytes().replace(b"record 300", b"record 3x0"))
    tile.write_bytes(tile.read_bytes().replace(leaf_hash(b"record 400"), bytes(32)))
    result = verify_log(folder, NOBODY)
    assert told(result) == [("damaged", "tile/0/001")]
    assert "hashes 44, 144 are not those of the records" in result.problems[0].why


def test_a_log_rewritten_without_its_key_is_noticed(quick: Path) -> None:
    """Every file follows from the records, and the checkpoint is that of others."""
    folder = filled(quick / "log", records(600))._files.folder
    other = filled(quick / "other", [*records(599), b"another"])._files.folder
    shutil.copy(folder / "checkpoint", other / "checkpoint")
    result = verify_log(other, NOBODY)
    assert told(result) == [("inconsistent", "checkpoint")]
    assert "were rewritten since" in result.problems[0].why


def test_a_removed_record_is_noticed(quick: Path) -> None:
    folder = filled(quick / "log", records(600))._files.folder
    (folder / Bundle(1, 256).path).write_bytes(tiles.pack(records(600)[256:300] + records(600)[301:512]))
    assert told(verify_log(folder, NOBODY)) == [("damaged", "tile/entries/001")]
    (folder / Bundle(1, 256).path).unlink()
    result = verify_log(folder, NOBODY)
    assert told(result) == [("missing", "tile/entries/001")]
    assert "records 256 to 511 cannot be read" in result.problems[0].why


@pytest.mark.parametrize("path", ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"])
def test_a_tile_is_named(quick: Path, path: str) -> None:
    folder = filled(quick / "log", records(600))._files.folder
    raw = (folder / path).read_bytes()
    (folder / path).write_bytes(raw[32:] + raw[:32])
    assert told(verify_log(folder, NOBODY)) == [("damaged", path)]
    (folder / path).unlink()
    assert told(verify_log(folder, NOBODY)) == [("missing", path)]


def test_a_size_that_no_disk_has_ends_soon(quick: Path) -> None:
    size = 256**7 + 5
    edge = {tile: Hashes([bytes([tile.level]) * 32] * tile.width) for tile in tiles.edge(size)}
    for tile, hashes in edge.items():
        (quick / tile.path).parent.mkdir(parents=True)
        (quick / tile.path).write_bytes(hashes.raw)
    (quick / "key.pub").write_bytes(KEY.public.pem)
    (quick / "checkpoint").write_bytes(sign(Checkpoint("x", size, leaf_hash(b"")).text, "x", KEY))
    result = verify_log(quick, NOBODY)
    assert len(result.problems) == 1001
    assert "the rest of the log was not read" in result.problems[-1].why


def test_what_a_killed_writer_left_is_told(quick: Path) -> None:
    folder = filled(quick / "log", records(5))._files.folder
    (folder / "tile/0/000.p/9").write_bytes(b"x")
    (folder / ".modelward-77").write_bytes(b"x")
    result = verify_log(folder, NOBODY)
    assert (result.exit_code, result.unused) == (0, (".modelward-77", "tile/0/000.p/9"))
    Log.open(folder).append([b"more"])
    assert verify_log(folder, NOBODY).unused == ()


# -- an earlier checkpoint, a key, a witness


def test_an_earlier_checkpoint(quick: Path) -> None:
    log = filled(quick / "log")
    for size in (0, 1, 255, 256, 300, 600):
        log.append(records(600)[log.size : size])
        kept = log.checkpoint
        Log.open(copied(quick / "log", quick / "more")).append(records(7))
        for folder in (quick / "log", quick / "more"):
            result = verify_log(folder, Asked(since=kept))
            assert (result.exit_code, result.since) == (0, size)


def test_a_log_that_went_back(quick: Path) -> None:
    log = filled(quick / "log", records(3))
    copied(quick / "log", quick / "before")
    log.append([b"four"])
    result = verify_log(quick / "before", Asked(since=log.checkpoint))
    assert told(result) == [("removed", "checkpoint")]
    assert "from 3 to 3" in result.problems[0].why
    assert verify_log(quick / "before", NOBODY).exit_code == 0


@pytest.mark.parametrize("size", [3, 5, 300])
def test_a_history_rewritten_by_who_has_the_key(quick: Path, size: int) -> None:
    kept = filled(quick / "log", records(3)).checkpoint
    filled(quick / "other", [b"record 0", b"another", *records(size)[2:]])
    result = verify_log(quick / "other", Asked(since=kept))
    assert told(result) == [("inconsistent", "--since")]
    assert "history was rewritten" in result.problems[0].why
    assert verify_log(quick / "other", NOBODY).exit_code == 0


def test_another_log_in_its_place(quick: Path) -> None:
    log = filled(quick / "log", records(3))
    Log.open(quick / "other").append(records(3))
    assert told(verify_log(quick / "other", Asked(since=log.checkpoint))) == [("inconsistent", "--since")]
    result = verify_log(quick / "other", Asked(public=KEY.public))
    assert (told(result), result.head) == ([("unsigned", "checkpoint")], None)
    assert verify_log(quick / "log", Asked(public=KEY.public)).head
    renamed = sign(Checkpoint("another/name", 3, log.signed.root).text, "another/name", KEY)
    assert told(verify_log(quick / "log", Asked(since=renamed))) == [("inconsistent", "--since")]


def test_a_key_that_is_named_needs_none_beside_the_log(quick: Path) -> None:
    folder = filled(quick / "log", records(3))._files.folder
    (folder / "key.pub").unlink()
    assert told(verify_log(folder, NOBODY)) == [("missing", "key.pub")]
    assert verify_log(folder, Asked(public=KEY.public)).exit_code == 0


def test_witnesses(quick: Path) -> None:
    log = filled(quick / "log", records(3))
    key = generate("ed25519")
    witness = Verifier("witness.example", key.public, WITNESS)
    asked = Asked(witnesses=(witness,))
    assert "has not signed" in verify_log(quick / "log", asked).problems[0].why
    signature = bytes(8) + key.sign(b"cosignature/v1\ntime 0\n" + log.signed.text.encode())
    line = f"— witness.example {encode_base64(witness.id + signature)}\n".encode()
    (quick / "log" / "checkpoint").write_bytes(log.checkpoint + line)
    assert verify_log(quick / "log", asked).exit_code == verify_log(quick / "log", NOBODY).exit_code == 0
    assert Log.open(quick / "log").append([b"more"]) == range(3, 4)
    (quick / "log" / "checkpoint").write_bytes(Log.load(quick / "log").checkpoint + line)
    assert told(verify_log(quick / "log", asked)) == [("unsigned", "checkpoint")]


# -- the statements of a store

ABOUT = Digest("sha3_256", "7" * 64)


def entry(number: int) -> Entry:
    raw = b'{"number":%d}' % number
    return Entry(raw, "application/vnd.in-toto+json", "https://example.com/number", ABOUT)


@pytest.fixture
def store(quick: Path) -> Path:
    with EvidenceStore(str(quick / "store"), create=True) as opened:
        for number in range(5):
            opened.add([entry(number)])
    return quick / "store"


def named(number: int) -> str:
    return str(entry(number).kept.statement)


def blob(store: Path, number: int) -> Path:
    return store / "blobs/sha256" / entry(number).kept.statement.value


def test_a_store(store: Path) -> None:
    result = verify_store(str(store), NOBODY)
    assert (result.exit_code, result.statements) == (0, 5)


def test_a_statement_that_was_removed_is_named(store: Path) -> None:
    blob(store, 2).unlink()
    assert told(verify_store(str(store), NOBODY)) == [("removed", named(2))]


def test_a_statement_that_was_rewritten_is_named(store: Path) -> None:
    blob(store, 2).write_bytes(blob(store, 2).read_bytes().replace(b"2", b"9"))
    assert told(verify_store(str(store), NOBODY)) == [("rewritten", named(2))]


def test_statements_removed_as_if_they_had_never_been_are_named(store: Path, quick: Path) -> None:
    """The layout is whole, and the index and all else follows from it; the log is that of before."""
    with EvidenceStore(str(quick / "other"), create=True) as other:
        other.add([entry(0), entry(1), entry(4)])
    shutil.rmtree(quick / "other" / "log")
    (quick / "other" / "index.sqlite").unlink()
    copied(store / "log", quick / "other" / "log")
    assert told(verify_store(str(quick / "other"), NOBODY)) == [("removed", named(2)), ("removed", named(3))]


def test_a_statement_that_is_not_logged_is_named(store: Path, quick: Path) -> None:
    copied(store / "log", quick / "before")
    with EvidenceStore(str(store)) as opened:
        opened.add([entry(7)])
    copied(quick / "before", store / "log")
    assert told(verify_store(str(store), NOBODY)) == [("unlogged", named(7))]


def test_a_rewritten_record_names_its_statement(store: Path) -> None:
    path = store / "log" / "tile/entries/000.p/5"
    path.write_bytes(path.read_bytes().replace(named(3).encode(), named(8).encode()))
    expected = [("rewritten", "tile/entries/000.p/5"), ("removed", named(8)), ("unlogged", named(3))]
    assert told(verify_store(str(store), NOBODY)) == expected


def test_a_bit_of_any_file_of_a_store_is_noticed(store: Path) -> None:
    """But of the index that is made anew, and the empty blob that says nothing."""
    spared = (b"", b"{}", (store / "index.sqlite").read_bytes())
    whole = {path: raw for path, raw in files(store).items() if raw not in spared}
    for path, raw in whole.items():
        at = len(raw) // 3
        (store / path).write_bytes(raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1 :])
        with suppress(ReadError):  # exit 4: the layout itself cannot be read
            assert verify_store(str(store), NOBODY).exit_code == 1, path
        (store / path).write_bytes(raw)
    assert verify_store(str(store), NOBODY).exit_code == 0


@pytest.mark.parametrize("name", ["key", "key.pub"])
@pytest.mark.parametrize("content", [b"", b"no key", generate("ed25519").pem(None), None])
def test_a_key_that_is_another_is_noticed(quick: Path, name: str, content: bytes | None) -> None:
    """Also where the checkpoint is verified with one that is kept elsewhere."""
    log = filled(quick / "log", records(3))
    path = quick / "log" / name
    path.write_bytes(path.read_bytes() + b"\n" if content is None else content)
    assert told(verify_log(quick / "log", Asked(log.verifier.key))) == [("damaged", name)]
    path.unlink()
    assert told(verify_log(quick / "log", Asked(log.verifier.key))) == []


def test_a_store_whose_log_is_gone(store: Path) -> None:
    shutil.rmtree(store / "log")
    assert told(verify_store(str(store), NOBODY)) == [("missing", "log")]


def test_while_somebody_writes(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that came after the statements were listed is no problem."""
    listed = EvidenceStore.records
    pending = [entry(8), entry(9)]

    def slow(opened: EvidenceStore) -> dict[bytes, str]:
        found = listed(opened)
        with EvidenceStore(str(store)) as other:
            other.add([pending.pop()] if pending else [])
        return found

    monkeypatch.setattr(EvidenceStore, "records", slow)
    result = verify_store(str(store), NOBODY)
    assert (result.exit_code, result.statements, os.listdir(store / "log/tile/0/000.p")) == (0, 7, ["7"])
