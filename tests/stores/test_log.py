from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cli.process import environment
from tests.stores.logs import KEY, copied, files, filled, place, records

from modelward.attest import merkle
from modelward.attest.errors import BadKey
from modelward.attest.keys import generate
from modelward.attest.merkle import is_included, leaf_hash
from modelward.attest.note import Checkpoint, sign
from modelward.attest.tiles import LONGEST_RECORD, Inconsistent
from modelward.core.errors import Malformed, ModelwardError, ReadError
from modelward.stores import log_files
from modelward.stores.log import Log
from modelward.stores.write import replace_file


@pytest.fixture
def quick() -> Iterator[Path]:
    with place() as folder:
        yield folder


def test_what_is_appended_is_there(tmp_path: Path) -> None:
    log = Log.open(tmp_path / "log")
    assert (log.size, list(log.records())) == (0, [])
    assert log.append([b"one", b"", b"three"]) == range(3)
    assert log.append([b"four"]) == range(3, 4)
    again = Log.open(tmp_path / "log")
    assert (again.size, again.checkpoint) == (4, log.checkpoint)
    assert list(again.records()) == [b"one", b"", b"three", b"four"]
    assert list(again.records(2)) == [b"three", b"four"]
    assert list(again.records(4)) == list(again.records(9)) == []
    assert (tmp_path / "log" / "key").stat().st_mode & 0o777 == 0o600
    assert sorted(files(tmp_path / "log")) == ["checkpoint", "key", "key.pub", "tile/0/000.p/4", "tile/entries/000.p/4"]


def test_nothing_appended_changes_nothing(quick: Path) -> None:
    log = filled(quick / "log", records(3))
    before = files(quick / "log")
    assert log.append([]) == range(3, 3)
    assert files(quick / "log") == before


def test_every_record_is_proved(quick: Path) -> None:
    log = filled(quick / "log", records(300))
    for number in (0, 1, 255, 256, 299):
        proof = log.inclusion_proof(number)
        assert is_included(leaf_hash(b"record %d" % number), number, 300, log.signed.root, proof)


@settings(max_examples=15)
@given(st.lists(st.integers(0, 300), max_size=6), st.lists(st.integers(0, 300), max_size=6))
def test_batches_do_not_show(one: list[int], other: list[int]) -> None:
    """The files of a log follow from its records and its key."""
    all_records = records(max(sum(one), sum(other)))
    with place() as folder:
        for name, cuts in (("one", one), ("other", other)):
            log = filled(folder / name)
            for cut in cuts:
                log.append(all_records[log.size : log.size + cut])
            log.append(all_records[log.size :])
        assert files(folder / "one") == files(folder / "other")
        assert list(Log.load(folder / "one").records()) == all_records


# -- who writes


def test_two_writers_in_turn(quick: Path) -> None:
    one = filled(quick / "log", [b"a"])
    other = Log.open(quick / "log")
    assert other.append([b"b"]) == range(1, 2)
    assert one.append(records(300)) == range(2, 302)  # it has seen one record, and takes up the other's
    assert other.append([b"c"]) == range(302, 303)
    assert list(Log.open(quick / "log").records()) == [b"a", b"b", *records(300), b"c"]
    assert list(one.records()) == [b"a", b"b", *records(300)]


@pytest.mark.parametrize("size", [1, 255, 256, 257])
def test_who_reads_is_not_disturbed_by_who_writes(quick: Path, size: int) -> None:
    filled(quick / "log", records(size))
    reader, writer = Log.load(quick / "log"), Log.open(quick / "log")
    for more in (1, 2, 300):
        writer.append(records(more, "more"))
        assert list(reader.records()) == records(size)
        assert list(Log.load(quick / "log").records())[:size] == records(size)


def test_a_history_that_went_back_is_not_continued(quick: Path) -> None:
    log = filled(quick / "log", records(3))
    copied(quick / "log", quick / "before")
    log.append([b"four"])
    copied(quick / "before", quick / "log")
    with pytest.raises(Inconsistent, match="4 records seen before"):
        log.append([b"another four"])
    filled(quick / "rewritten", records(5, "other"))
    copied(quick / "rewritten", quick / "log")  # the same key, and longer
    with pytest.raises(Inconsistent, match="4 records seen before"):
        log.append([b"another four"])


# -- keys


def test_a_key_kept_elsewhere(quick: Path) -> None:
    log = Log.open(quick / "log", KEY)
    log.append([b"a"])
    assert "key" not in files(quick / "log")
    assert list(Log.open(quick / "log").records()) == [b"a"]
    with pytest.raises(BadKey, match="--log-key"):
        Log.open(quick / "log").append([b"b"])
    with pytest.raises(BadKey, match="signed it so far"):
        Log.open(quick / "log", generate("ed25519")).append([b"b"])
    assert Log.open(quick / "log", KEY).append([b"b"]) == range(1, 2)


def test_a_key_of_another_kind(quick: Path) -> None:
    with pytest.raises(BadKey, match="ecdsa-p256"):
        Log.open(quick / "log", generate("ecdsa-p256"))


def test_a_key_that_was_exchanged(quick: Path) -> None:
    filled(quick / "log", [b"a"])
    (quick / "log" / "key").write_bytes(generate("ed25519").pem(None))
    with pytest.raises(BadKey, match="signed it so far"):
        Log.open(quick / "log").append([b"b"])
    (quick / "log" / "key.pub").write_bytes(generate("ed25519").public.pem)
    with pytest.raises(Inconsistent, match="has not signed it"):
        Log.open(quick / "log")
    (quick / "log" / "key.pub").write_bytes(b"nonsense")
    with pytest.raises(Inconsistent, match=r"key\.pub"):
        Log.open(quick / "log")


# -- bad input


def test_records_have_a_longest_length(quick: Path) -> None:
    log = filled(quick / "log", [bytes(LONGEST_RECORD)])
    with pytest.raises(Malformed, match="65,535"):
        log.append([b"good", bytes(LONGEST_RECORD + 1)])
    assert list(Log.open(quick / "log").records()) == [bytes(LONGEST_RECORD)]


def test_there_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no log"):
        Log.load(tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(ModelwardError, match="cannot"):
        Log.open(tmp_path / "file")


def test_a_checkpoint_that_is_gone_does_not_start_another_log(quick: Path) -> None:
    filled(quick / "log", records(3))
    (quick / "log" / "checkpoint").unlink()
    for how in (Log.open, Log.load):
        with pytest.raises(Inconsistent, match="checkpoint: it is not there"):
            how(quick / "log")


@pytest.mark.parametrize("path", ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"])
@pytest.mark.parametrize("damage", [Path.unlink, Path.write_bytes])
def test_nothing_is_signed_on_top_of_damage(quick: Path, path: str, damage: Callable[..., object]) -> None:
    log = filled(quick / "log", records(300))
    place = quick / "log" / path
    arguments = () if damage is Path.unlink else (bytes(len(place.read_bytes())),)
    damage(place, *arguments)
    before = files(quick / "log")
    for each in (log, Log.open(quick / "log")):
        with pytest.raises(Inconsistent, match=re.escape(path)):
            each.append([b"more"])
    assert files(quick / "log") == before


def test_a_record_that_is_another_is_not_given(quick: Path) -> None:
    log = filled(quick / "log", records(300))
    path = quick / "log" / "tile/entries/001.p/44"
    path.write_bytes(path.read_bytes().replace(b"record 270", b"record x70"))
    given = log.records()
    assert [next(given) for _ in range(256)] == records(256)
    for attempt in (lambda: next(given), lambda: log.append([b"more"])):
        with pytest.raises(Inconsistent, match="record 270 is not the one that was logged"):
            attempt()


def test_what_is_no_file_is_not_waited_for(quick: Path) -> None:
    log = filled(quick / "log", records(3))
    tile = quick / "log" / "tile/0/000.p/3"
    tile.unlink()
    os.mkfifo(tile)
    with pytest.raises(Inconsistent, match=r"tile/0/000\.p/3"):
        log.append([b"more"])
    tile.unlink()
    tile.symlink_to("/dev/zero")
    with pytest.raises(Inconsistent, match=r"tile/0/000\.p/3: it is a link"):
        list(Log.load(quick / "log").records())


def test_what_is_written_stays_in_the_folder(quick: Path) -> None:
    """A store may be somebody else's, and say that its folders are others."""
    precious = quick / "home"
    precious.mkdir()
    (precious / "1").write_bytes(b"precious")
    for size, link in ((3, "tile/0/000.p"), (3, "tile/entries"), (300, "tile/0/000.p"), (256, "tile/1/000.p")):
        log = filled(quick / f"{size}-{link.replace('/', '-')}", records(size))
        target = log._files.folder / link
        if target.exists():
            target.rename(log._files.folder / "elsewhere")
            for path in (log._files.folder / "elsewhere").iterdir():
                path.rename(precious / path.name)
        target.symlink_to(precious)
        before = files(precious)
        with suppress(ModelwardError):
            log.append(records(300))
        assert files(precious) == before


def test_a_path_that_leads_elsewhere(quick: Path) -> None:
    filled(quick / "log", records(3))
    (quick / "link").symlink_to(quick / "log")
    assert list(Log.load(quick / "link").records()) == records(3)
    with pytest.raises(ModelwardError, match="is a link"):
        Log.open(quick / "link").append([b"more"])
    assert list(Log.load(quick / "log").records()) == records(3)


def test_a_disk_that_is_full(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = filled(quick / "log", records(3))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelwardError, match=r"cannot write the log .*no space left"):
        log.append(records(300))
    monkeypatch.undo()
    assert list(Log.open(quick / "log").records()) == records(3)
    assert log.append([b"more"]) == range(3, 4)
    assert list(Log.open(quick / "log").records()) == [*records(3), b"more"]


def full(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_size_that_no_disk_has(quick: Path) -> None:
    """Signed by the key that lies beside it: whoever made the store made that too."""
    filled(quick / "log", records(3))
    huge = Checkpoint("modelward/x", 2**62 + 5, merkle.EMPTY)
    (quick / "log" / "checkpoint").write_bytes(sign(huge.text, huge.origin, KEY))
    log = Log.load(quick / "log")
    with pytest.raises(Inconsistent, match="not there"):
        next(log.records())
    with pytest.raises(Inconsistent, match="not there"):
        log.append([b"more"])


# -- killed


class Killed(BaseException):
    pass


STEPS = ("before", "torn", "after")


@pytest.mark.parametrize(("size", "more"), [(0, 1), (3, 2), (250, 10), (255, 1), (256, 1), (200, 120)])
def test_killed_at_any_step_of_a_write(quick: Path, size: int, more: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was acknowledged stays, and of what was not there is all or nothing."""
    whole = filled(quick / "log", records(size))
    start = copied(quick / "log", quick / "start")
    whole.append(records(size + more)[size:])
    end = files(quick / "log")
    whole.append([b"last"])
    last = files(quick / "log")
    for step in STEPS:
        for number in range(100):
            folder = copied(start, quick / "try")
            killer = Killer(monkeypatch, number, step)
            try:
                Log.open(folder).append(records(size + more)[size:])
            except Killed:
                pass
            else:
                break
            finally:
                killer.stop()
            found = Log.open(folder)
            assert list(found.records()) == records(size + more)[: found.size]
            assert found.size in (size, size + more)
            found.append(records(size + more)[found.size :])
            found.append([b"last"])
            assert files(folder) == last  # nothing of the one who was killed is left
        assert number >= 3
        assert files(folder) == end


class Killer:
    """Ends the writing of a log at its *number*th change of a file: before it, after it, or in the middle."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, step: str) -> None:
        self._left, self._step = number, step
        self._patch = monkeypatch
        write, unlink = replace_file, Path.unlink
        monkeypatch.setattr(
            log_files, "replace_file", lambda path, data: self._do(path, data, lambda: write(path, data))
        )
        monkeypatch.setattr(
            Path, "unlink", lambda path, missing_ok=False: self._do(path, b"", lambda: unlink(path, missing_ok))
        )

    def stop(self) -> None:
        self._patch.undo()

    def _do(self, path: Path, data: bytes, real: Callable[[], None]) -> None:
        self._left -= 1
        if self._left >= 0:
            real()
            return
        if self._step == "torn" and data:
            path.with_name(".modelward-0123456789abcdef").write_bytes(data[: len(data) // 2])
        if self._step == "after":
            real()
        raise Killed


def test_a_tile_that_was_never_signed_does_not_stay(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = filled(quick / "log", records(3))
    killer = Killer(monkeypatch, 5, "before")  # after five files comes the checkpoint
    with pytest.raises(Killed):
        log.append(records(300, "other"))
    killer.stop()
    assert (quick / "log/tile/0/000").exists()
    Log.open(quick / "log").append([b"more"])
    assert not (quick / "log/tile/0/000").exists()


def test_what_a_checkpoint_covers_is_durable_before_it(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = filled(quick / "log", records(3))
    done: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().relative_to(quick)}")
        sync(descriptor)

    def replaced(path: Path, target: Path) -> Path:
        done.append(f"put {target.relative_to(quick)}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    log.append(records(300))
    steps = [each for each in done if ".modelward-" not in each]
    signed = steps.index("put log/checkpoint")
    assert steps[signed + 1 :] == ["sync log"]
    for put in steps[:signed]:
        if put.startswith("put "):
            folder = Path(put.removeprefix("put ")).parent
            assert f"sync {folder}" in steps[steps.index(put) : signed]
    for made in ("tile/1/000.p", "tile/1", "tile", "tile/0/001.p", "tile/0", "tile/entries"):
        assert f"sync log/{made}" in steps[:signed]


@pytest.mark.parametrize(("size", "more"), [(3, 2), (250, 10), (200, 100)])
def test_what_the_checkpoint_does_not_cover_may_be_lost(quick: Path, size: int, more: int) -> None:
    """A power cut before the new checkpoint: its name was not written, and of the other new files anything may be."""
    log = filled(quick / "log", records(size))
    before = files(quick / "log")
    log.append(records(size + more)[size:])
    added = {path: raw for path, raw in files(quick / "log").items() if path not in before}
    for path, raw in added.items():
        for cut in (0, 1, len(raw) // 2, len(raw) - 1, None):
            for name, content in (before | added).items():
                (quick / "log" / name).parent.mkdir(parents=True, exist_ok=True)
                (quick / "log" / name).write_bytes(content)
            if cut is None:
                (quick / "log" / path).unlink()
            else:
                (quick / "log" / path).write_bytes(raw[:cut])
            found = Log.open(quick / "log")
            assert list(found.records()) == records(size)
            found.append([b"other"])
            assert list(Log.open(quick / "log").records()) == [*records(size), b"other"]


def test_killed_while_it_is_made(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in STEPS:
        for number in range(20):
            folder = quick / f"{step}{number}"
            killer = Killer(monkeypatch, number, step)
            try:
                Log.open(folder)
            except Killed:
                pass
            else:
                break
            finally:
                killer.stop()
            assert Log.open(folder).append([b"a"]) == range(1)
        assert number >= 2


WRITER = """
import sys
from pathlib import Path
from modelward.stores.log import Log
log = Log.open(Path(sys.argv[1]))
while True:
    for batch in (1, 2, 100):
        log.append([b"record %d" % number for number in range(log.size, log.size + batch)])
        print(log.size, flush=True)
"""


def test_killed_by_the_system(tmp_path: Path) -> None:
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "log")],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert writer.stdout
        writer.stdout.readline()
        threading.Timer(0.15, writer.send_signal, [signal.SIGKILL]).start()
        said = writer.stdout.read()
        writer.wait(20)
        writer.stdout.close()
        acknowledged = int(said.splitlines()[-1])
        log = Log.open(tmp_path / "log")
        assert acknowledged <= log.size <= acknowledged + 100
        assert list(log.records()) == records(log.size)
