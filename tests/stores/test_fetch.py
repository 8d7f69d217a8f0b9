"""Files that arrive: whole and as pinned under their names, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.hub import git_blob, lies
from tests.stores.server import Asked, Page, Reply, Server, serving

from modelward.core.content import Content
from modelward.core.errors import ReadError
from modelward.formats.source import BytesSource
from modelward.stores.fetch import PARTS, Refused, Wanted, alone_in, fetch, holds
from modelward.stores.web import Web

LONG = bytes(range(256)) * (6 << 12)  # 6 MiB, which is taken from the connection itself
SHORT = b"words\n"

server = pytest.fixture(serving)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with closing(Web()) as web:
        yield web


def content_of(data: bytes) -> Content:
    return Content(len(data), hashlib.sha256(data).hexdigest())


class Fetching:
    def __init__(self, web: Web, server: Server, folder: Path, data: bytes) -> None:
        self.web = web
        self.server, self.folder, self.data = server, folder, data
        self.wanted = Wanted(f"{server.url}/file", content_of(data), "sub/file.bin")
        self.place = folder / "sub/file.bin"
        self.took = 0
        self.serve(data)

    def serve(self, data: bytes, etag: str = '"first"') -> None:
        self.server.pages["/file"] = Page(BytesSource(data), etag)

    def run(self) -> None:
        def took(count: int) -> None:
            self.took += count

        fetch(self.web, self.wanted, self.folder, took)

    @property
    def asked(self) -> list[dict[str, str | None]]:
        return [{key: asked.headers.get(key) for key in ("range", "if-match")} for asked, _ in self.server.log]

    @property
    def parts(self) -> list[int]:
        files = sorted((self.folder / PARTS).glob("*"))
        return [file.stat().st_size for file in files if not file.name.endswith(".etag")]

    def interrupt(self, after: int) -> None:
        """A run that ends in the middle, whatever it tries."""
        self.server.lie = lambda asked, reply: replace(reply, body=reply.body[:after] if asked.number == 0 else b"")
        with pytest.raises(ReadError):
            self.run()
        self.server.lie = lambda asked, reply: reply
        self.server.log.clear()


@pytest.fixture(params=[SHORT, LONG, b""], ids=["short", "long", "empty"])
def any_file(web: Web, server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Fetching:
    return Fetching(web, server, tmp_path, request.param)


@pytest.fixture
def long(web: Web, server: Server, tmp_path: Path) -> Fetching:
    return Fetching(web, server, tmp_path, LONG)


def test_a_file_arrives(any_file: Fetching) -> None:
    any_file.run()
    assert any_file.place.read_bytes() == any_file.data
    assert any_file.took == len(any_file.data)
    assert len(any_file.asked) == (1 if any_file.data else 0)
    assert any_file.parts == []
    assert holds(any_file.place, any_file.wanted.content)


def test_a_file_of_which_only_the_git_blob_id_is_known(web: Web, server: Server, tmp_path: Path) -> None:
    fetching = Fetching(web, server, tmp_path, LONG)
    fetching.wanted = replace(fetching.wanted, content=Content(len(LONG), "", git_blob(LONG)))
    fetching.run()
    assert fetching.place.read_bytes() == LONG
    fetching.serve(b"x" + LONG[1:])
    fetching.place.unlink()
    with pytest.raises(Refused, match="git:"):
        fetching.run()


# --- what is not what is pinned ---


@pytest.mark.parametrize("other", [b"x" + LONG[1:], LONG[:-1] + b"x", LONG + b"x", LONG[:-1], b""])
def test_other_bytes_are_refused(long: Fetching, other: bytes) -> None:
    long.serve(other)
    with pytest.raises(Refused, match="pinned") as error:
        long.run()
    assert error.value.exit_code == 1
    assert not long.place.exists()
    assert long.parts in ([], [0])


def test_what_lies_there_stays_until_the_right_bytes_are_there(long: Fetching) -> None:
    long.place.parent.mkdir()
    long.place.write_bytes(b"older")
    long.serve(b"x" + LONG[1:])
    with pytest.raises(Refused):
        long.run()
    assert long.place.read_bytes() == b"older"
    long.serve(LONG)
    long.run()
    assert long.place.read_bytes() == LONG


def test_a_link_in_its_place_is_replaced_and_not_followed(long: Fetching, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(LONG)
    long.place.parent.mkdir()
    long.place.symlink_to(victim)
    assert not holds(long.place, long.wanted.content)
    victim.write_bytes(b"mine")
    long.run()
    assert not long.place.is_symlink()
    assert victim.read_bytes() == b"mine"


def test_more_bytes_than_were_announced(long: Fetching) -> None:
    def more(asked: Asked, reply: Reply) -> Reply:
        return replace(reply, body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(LONG) + 1, LONG + b"x")).having(
            content_length=None, transfer_encoding="chunked"
        )

    long.server.lie = more
    with pytest.raises(ReadError, match="more bytes"):
        long.run()
    assert not long.place.exists()


def test_encoded_bytes_are_refused(long: Fetching) -> None:
    long.server.lie = lambda asked, reply: reply.having(content_encoding="gzip")
    with pytest.raises(ReadError, match="encoded as gzip"):
        long.run()


def test_another_commit_is_refused(long: Fetching) -> None:
    long.wanted = replace(long.wanted, commit="a" * 40)
    long.server.lie = lambda asked, reply: reply.having(x_repo_commit="b" * 40)
    with pytest.raises(Refused, match="from commit"):
        long.run()


# --- what goes on ---


def test_it_goes_on_where_it_was_and_asks_for_the_same_object(long: Fetching) -> None:
    long.interrupt(4 << 20)
    assert long.parts == [4 << 20]
    assert not long.place.exists()
    long.took = 0
    long.run()
    assert long.asked == [{"range": f"bytes={4 << 20}-", "if-match": '"first"'}]
    assert long.place.read_bytes() == LONG
    assert long.took == len(LONG)


def test_a_cut_connection_is_taken_up_in_the_same_run(long: Fetching) -> None:
    long.server.lie = lambda asked, reply: lies.cut(3 << 20)(asked, reply) if asked.number == 0 else reply
    long.run()
    assert [asked["range"] for asked in long.asked] == [None, f"bytes={3 << 20}-"]
    assert long.place.read_bytes() == LONG


@pytest.mark.parametrize(
    "lie",
    [
        lambda asked, reply: Reply(200, {"etag": '"first"'}, LONG) if asked.range_from else reply,
        lambda asked, reply: Reply(412) if asked.range_from else reply,
        lambda asked, reply: Reply(416, {"content-range": f"bytes */{len(LONG)}"}) if asked.range_from else reply,
    ],
    ids=["ignored", "changed", "refused"],
)
def test_it_begins_again_where_a_range_is_not_given(long: Fetching, lie: Callable[[Asked, Reply], Reply]) -> None:
    long.interrupt(4 << 20)
    long.server.lie = lie
    long.took = 0
    long.run()
    assert long.place.read_bytes() == LONG
    assert long.took == len(LONG)


def test_a_file_that_was_swapped_between_ranges(long: Fetching) -> None:
    """The first half is of one object, the second half of another, under one and the same ETag."""
    long.serve(b"x" + LONG[1:])
    long.interrupt(4 << 20)
    long.serve(LONG)
    long.run()
    assert long.place.read_bytes() == LONG
    assert [asked["range"] for asked in long.asked] == [f"bytes={4 << 20}-", None]


def test_a_part_that_somebody_changed(long: Fetching) -> None:
    long.interrupt(4 << 20)
    (part,) = (file for file in (long.folder / PARTS).iterdir() if not file.name.endswith(".etag"))
    part.write_bytes(b"x" * len(LONG) + b"more")
    long.run()
    assert long.place.read_bytes() == LONG


@pytest.mark.parametrize("etag", ["", "\n", '"a"\r\nX-Evil: 1', 'W/"a"', '"\x00"', '"é"'])
def test_an_etag_that_is_none_asks_for_no_object(long: Fetching, etag: str) -> None:
    long.interrupt(4 << 20)
    (file,) = (long.folder / PARTS).glob("*.etag")
    file.write_text(etag)
    long.run()
    assert long.asked == [{"range": f"bytes={4 << 20}-", "if-match": None}]


@pytest.mark.parametrize(
    ("stated", "error"),
    [
        (f"bytes 0-{len(LONG) - 1}/{len(LONG)}", ReadError),
        (f"bytes {4 << 20}-{len(LONG) - 1}/{len(LONG) + 1}", Refused),
        ("bytes */1", ReadError),
        ("", ReadError),
    ],
)
def test_ranges_that_lie(long: Fetching, stated: str, error: type[ReadError]) -> None:
    long.interrupt(4 << 20)
    long.server.lie = lambda asked, reply: reply.having(content_range=stated)
    with pytest.raises(error):
        long.run()
    assert not long.place.exists()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 70_000), max_size=5))
def test_however_it_is_cut_nothing_else_arrives(
    web: Web, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cuts: list[int]
) -> None:
    monkeypatch.setattr("modelward.stores.fetch._BLOCK", 1 << 12)
    monkeypatch.setattr("modelward.stores.connection._AT_ONCE", 1 << 13)
    data = bytes(range(250)) * 260
    fetching = Fetching(web, server, tmp_path, data)
    fetching.place.unlink(missing_ok=True)
    server.log.clear()
    server.lie = lambda asked, reply: lies.cut(cuts[asked.number])(asked, reply) if asked.number < len(cuts) else reply
    for _ in range(len(cuts) + 1):
        try:
            fetching.run()
            break
        except ReadError:
            assert not fetching.place.exists()
    assert fetching.place.read_bytes() == data


# --- the disk ---


def test_a_folder_in_its_place(long: Fetching) -> None:
    long.place.mkdir(parents=True)
    (long.place / "x").touch()
    with pytest.raises(ReadError, match="cannot be written"):
        long.run()


def test_a_disk_that_fills(long: Fetching, monkeypatch: pytest.MonkeyPatch) -> None:
    real, have = os.pwrite, 0

    def pwrite(descriptor: int, data: bytes, at: int) -> int:
        nonlocal have
        if have > 1 << 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        have += len(data)
        return real(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(ReadError, match="no space left on device"):
        long.run()
    assert not long.place.exists()
    monkeypatch.undo()
    long.run()
    assert long.place.read_bytes() == LONG


def test_a_folder_is_for_one_at_a_time(tmp_path: Path) -> None:
    waited = []

    def waiting() -> None:
        waited.append(True)
        inner.__exit__(None, None, None)

    inner = alone_in(tmp_path, lambda: None)
    inner.__enter__()
    with alone_in(tmp_path, waiting):
        assert waited == [True]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReadError, match="exists"), alone_in(tmp_path / "file", lambda: None):
        pass
