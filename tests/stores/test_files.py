from __future__ import annotations

import hashlib
import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.artifact import Blob
from modelward.core.digest import Digest
from modelward.core.errors import ReadError
from modelward.stores import files
from modelward.stores.files import BLOCK, FileSource

SMALL, KEEP = 16, 3
"""Blocks so small that a short file has many, and most of them are dropped and fetched again."""

READS = st.lists(st.tuples(st.integers(-2, 300), st.integers(-2, 90)), max_size=20)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files") / "file"


@contextmanager
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "BLOCK", SMALL)
        patch.setattr(files, "_KEEP", KEEP)
        yield


def blob(content: bytes) -> Blob:
    return Blob(Digest("sha256", hashlib.sha256(content).hexdigest()), len(content))


def overwrite(path: Path, at: int, new: bytes) -> None:
    """Change bytes and put the time back, so that only the bytes can tell."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(at)
        file.write(new)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@given(st.binary(max_size=280), READS)
def test_the_digest_is_that_of_the_file_whatever_was_read(
    place: Path, content: bytes, reads: list[tuple[int, int]]
) -> None:
    place.write_bytes(content)
    with small_blocks(), FileSource(str(place)) as source:
        assert source.size == len(content)
        for at, n in reads:
            assert source.read(at, n) == (content[at : at + n] if at >= 0 and n > 0 else b"")
        assert source.finish() == blob(content)


def test_blocks_of_the_real_size(tmp_path: Path) -> None:
    """Forth and back over more than is kept, so that each block is fetched twice and compared."""
    path = tmp_path / "file"
    content = b"".join(hashlib.sha512(bytes([index])).digest() * (BLOCK // 64) for index in range(40)) + b"tail"
    path.write_bytes(content)
    with FileSource(os.fsencode(path)) as source:
        for at in [*range(0, len(content), BLOCK // 2), *range(len(content) - BLOCK, 0, -BLOCK)]:
            assert source.read(at, BLOCK) == content[at : at + BLOCK]
        assert source.finish() == blob(content)


@given(st.data())
def test_a_change_never_gives_two_readings(place: Path, data: st.DataObject) -> None:
    """Bytes delivered before the change and after it are those of the digest, or nothing is said at all."""
    old = data.draw(st.binary(min_size=1, max_size=200))
    new = data.draw(st.binary(min_size=len(old), max_size=len(old)))
    before, after = data.draw(READS), data.draw(READS)
    place.write_bytes(old)
    with small_blocks(), FileSource(str(place)) as source:
        delivered = [(at, source.read(at, n)) for at, n in before]
        overwrite(place, 0, new)
        try:
            delivered += [(at, source.read(at, n)) for at, n in after]
            found = source.finish()
        except ReadError:
            return
    blocks = range(0, len(old), SMALL)
    early = {
        index
        for index in blocks
        for at, got in delivered[: len(before)]
        if at < index + SMALL and at + len(got) > index and got
    }
    seen = b"".join((old if index in early else new)[index : index + SMALL] for index in blocks)
    assert found == blob(seen)
    for at, got in delivered:
        assert not got or got == seen[at : at + len(got)]


def test_a_block_that_changed_before_it_is_read_again(place: Path) -> None:
    place.write_bytes(bytes(SMALL * 10))
    with small_blocks(), FileSource(str(place)) as source:
        for index in range(KEEP + 1):
            source.read(index * SMALL, 1)
        overwrite(place, 5, b"x")
        with pytest.raises(ReadError, match="changed"):
            source.read(0, 1)


def test_a_block_that_changed_before_it_is_hashed(place: Path) -> None:
    place.write_bytes(bytes(SMALL * 10))
    with small_blocks(), FileSource(str(place)) as source:
        for index in range(9, 3, -1):
            source.read(index * SMALL, 1)
        overwrite(place, 9 * SMALL, b"x")
        with pytest.raises(ReadError, match="changed"):
            source.finish()


def test_a_kept_block_is_hashed_as_it_was_parsed(place: Path) -> None:
    place.write_bytes(bytes(SMALL * 2))
    with small_blocks(), FileSource(str(place)) as source:
        source.read(SMALL, 1)
        overwrite(place, SMALL, b"x")
        assert source.finish() == blob(bytes(SMALL * 2))


def test_a_file_that_shrinks(place: Path) -> None:
    place.write_bytes(bytes(100))
    with FileSource(str(place)) as source:
        os.truncate(place, 40)
        with pytest.raises(ReadError, match="shorter"):
            source.read(50, 1)
        with pytest.raises(ReadError, match="shorter"):
            source.finish()


def test_a_file_that_shrinks_after_it_was_read(place: Path) -> None:
    place.write_bytes(bytes(100))
    with FileSource(str(place)) as source:
        source.read(0, 100)
        time = place.stat().st_mtime_ns
        os.truncate(place, 40)
        os.utime(place, ns=(time, time))
        with pytest.raises(ReadError, match="changed"):
            source.finish()


def test_a_file_that_grows(place: Path) -> None:
    place.write_bytes(bytes(100))
    with FileSource(str(place)) as source:
        os.truncate(place, 101)
        with pytest.raises(ReadError, match="changed"):
            source.finish()


def test_a_file_with_another_time(place: Path) -> None:
    place.write_bytes(bytes(100))
    with FileSource(str(place)) as source:
        os.utime(place, ns=(0, 0))
        with pytest.raises(ReadError, match="changed"):
            source.finish()


def test_a_file_that_is_replaced_is_read_as_it_was(place: Path) -> None:
    place.write_bytes(b"old")
    with FileSource(str(place)) as source:
        place.unlink()
        place.write_bytes(b"new")
        assert source.finish() == blob(b"old")


def test_a_file_that_is_longer_than_it_says() -> None:
    with FileSource("/proc/self/status") as source, pytest.raises(ReadError, match="more bytes than its size"):
        source.finish()


def test_a_file_that_the_system_fails_to_read() -> None:
    """Nothing is mapped at address zero."""
    with FileSource("/proc/self/mem") as source, pytest.raises(ReadError, match="error"):
        source.finish()


def test_nothing_is_read_after_the_digest(place: Path) -> None:
    place.write_bytes(b"content")
    with FileSource(str(place)) as source:
        assert source.finish() == source.finish() == blob(b"content")
        with pytest.raises(ReadError, match="after its digest"):
            source.read(0, 1)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/dev/null")
    open_before = len(os.listdir("/proc/self/fd"))
    for path in [tmp_path, tmp_path / "fifo", tmp_path / "link", Path("/dev/zero")]:
        with pytest.raises(ReadError):
            FileSource(str(path))
    assert len(os.listdir("/proc/self/fd")) == open_before


@pytest.mark.parametrize("path", ["missing", "", "a\0b", "x" * 300])
def test_a_path_that_cannot_be_opened(path: str) -> None:
    with pytest.raises(ReadError) as error:
        FileSource(path)
    assert str(error.value).isprintable()


def test_a_file_that_may_not_be_read(unprivileged: Path) -> None:
    path = unprivileged / "file"
    path.write_bytes(b"secret")
    path.chmod(0)
    with pytest.raises(ReadError, match="permission denied"):
        FileSource(str(path))


def test_a_huge_file_takes_little_memory(tmp_path: Path) -> None:
    huge, large = tmp_path / "huge", tmp_path / "large"
    huge.touch()
    os.truncate(huge, 1 << 32)
    large.touch()
    os.truncate(large, 1 << 26)
    expected = blob(bytes(1 << 26))
    tracemalloc.start()
    with FileSource(str(huge)) as source:
        for at in range(0, source.size, 1 << 24):
            assert source.read(at, 16) == bytes(16)
        assert source.read(source.size - 1, 9) == b"\0"
    with FileSource(str(large)) as source:
        assert source.finish() == expected
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
