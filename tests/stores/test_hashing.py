"""Files hashed and not parsed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from modelward.core.errors import ReadError
from modelward.stores.hashing import WHOLE, Hashed, Way, hash_files

LARGE = os.urandom(3 << 20)


def hashed(path: Path, way: Way = WHOLE) -> Hashed | ReadError:
    ((name, outcome),) = hash_files([os.fsencode(path)], way)
    assert name == os.fsencode(path)
    return outcome


def digests(path: Path, way: Way = WHOLE) -> tuple[bytes, ...]:
    outcome = hashed(path, way)
    assert isinstance(outcome, Hashed)
    return outcome.digests


@pytest.mark.parametrize("content", [b"", b"x", LARGE[: 1 << 20], LARGE], ids=["empty", "one", "block", "large"])
@pytest.mark.parametrize("algorithm", ["sha256", "blake2b"])
def test_a_file_is_hashed_whole(tmp_path: Path, content: bytes, algorithm: str) -> None:
    (tmp_path / "f").write_bytes(content)
    assert digests(tmp_path / "f", Way(algorithm)) == (hashlib.new(algorithm, content).digest(),)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 999, 1000, 1001, 2500])
def test_a_file_is_hashed_in_shards(tmp_path: Path, size: int) -> None:
    (tmp_path / "f").write_bytes(LARGE[:size])
    parts = [LARGE[at : min(at + 1000, size)] for at in range(0, size, 1000)]
    assert digests(tmp_path / "f", Way("sha256", 1000)) == tuple(hashlib.sha256(part).digest() for part in parts)


def test_an_empty_file_has_no_shards(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert digests(tmp_path / "f", Way("sha256", 1000)) == ()


def test_more_shards_than_anybody_signs_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file:
        file.truncate(1 << 40)
    assert "shards" in str(hashed(tmp_path / "f", Way("sha256", 1)))


def test_many_files_come_once_each(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / str(number)).write_bytes(LARGE[: number << 19])
    outcomes = dict(hash_files([os.fsencode(path) for path in tmp_path.iterdir()]))
    assert len(outcomes) == 6
    for path, outcome in outcomes.items():
        assert isinstance(outcome, Hashed)
        assert outcome.digests == (hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).digest(),)


def test_what_is_no_regular_file_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    for name in ("fifo", "link", "gone", "."):
        assert isinstance(hashed(tmp_path / name), ReadError)


def test_a_file_that_is_longer_than_it_says_is_an_error() -> None:
    assert "more bytes" in str(hashed(Path("/proc/self/status")))
