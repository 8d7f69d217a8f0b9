"""What a server can say instead of an answer: two things at once, or nothing, or another answer behind the first."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.stores.connection import Broken, Connection, Head, Request

GET = Request("GET", "/", {"host": "x"})
WRONG = (Broken, h11.RemoteProtocolError)


@contextmanager
def hearing(*said: bytes, hangs_up: bool = True) -> Iterator[Connection]:
    """A connection on which all that the server will say has come."""
    ours, theirs = socket.socketpair()
    with theirs, closing(Connection(ours)) as connection:
        theirs.sendall(b"".join(said))
        if hangs_up:
            theirs.shutdown(socket.SHUT_WR)
        yield connection


def answered(*said: bytes, method: str = "GET") -> tuple[Head, bytes]:
    with hearing(*said) as connection:
        head = connection.ask(Request(method, "/", {"host": "x"}))
        return head, b"".join(connection.body())


def ok(*lines: bytes) -> bytes:
    return b"".join(line + b"\r\n" for line in (b"HTTP/1.1 200 OK", *lines, b""))


CHUNKED = ok(b"Transfer-Encoding: chunked")
HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (ok(b"Content-Length: 3") + b"abc", b"abc"),
        (ok(b"Content-Length: 3", b"content-length: 3") + b"abc", b"abc"),
        (ok(b"Content-Length: 0"), b""),
        (ok() + b"until the end", b"until the end"),
        (CHUNKED + b"2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n", b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HINTS + ok(b"Content-Length: 1") + b"x", b"x"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304\r\nContent-Length: 5\r\n\r\n", b""),
    ],
)
def test_answers(said: bytes, body: bytes) -> None:
    assert answered(said)[1] == body


def test_a_head_has_no_body() -> None:
    assert answered(ok(b"Content-Length: 5"), method="HEAD")[1] == b""


def test_headers() -> None:
    lines = (b"A: one", b"a: two", b"Folded: one", b"  two", b"Utf: \xc3\xbc", b"Latin: \xfc", b"Content-Length: 0")
    head, _ = answered(ok(*lines))
    assert head.headers == {"a": "one, two", "folded": "one two", "utf": "ü", "latin": "ü", "content-length": "0"}


def test_trailers_are_no_headers() -> None:
    head, body = answered(CHUNKED + b"1\r\nx\r\n0\r\nX-Repo-Commit: evil\r\nContent-Length: 9\r\n\r\n")
    assert (head.headers, body) == ({"transfer-encoding": "chunked"}, b"x")


BAD = {
    "two lengths": ok(b"Content-Length: 3", b"Content-Length: 4") + b"abcd",
    "two lengths in one": ok(b"Content-Length: 3, 4") + b"abcd",
    "a length with a sign": ok(b"Content-Length: +3") + b"abc",
    "a negative length": ok(b"Content-Length: -1"),
    "a length in hexadecimal": ok(b"Content-Length: 0x3") + b"abc",
    "a length with an underscore": ok(b"Content-Length: 1_0") + b"0123456789",
    "a length in other digits": ok("Content-Length: ３".encode()) + b"abc",
    "no length": ok(b"Content-Length:") + b"abc",
    "a length and chunks": ok(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n",
    "chunks and a length": ok(b"Transfer-Encoding: chunked", b"Content-Length: 20") + b"3\r\nabc\r\n0\r\n\r\n",
    "a coding nobody asked for": ok(b"Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "no coding": ok(b"Transfer-Encoding: identity"),
    "two codings": ok(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "a chunk of a negative size": CHUNKED + b"-1\r\nabc\r\n0\r\n\r\n",
    "a chunk with a sign": CHUNKED + b"+3\r\nabc\r\n0\r\n\r\n",
    "a chunk of 0x3": CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "a chunk that is longer": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    "a chunk without end": CHUNKED + b"3\r\nab",
    "chunks without end": CHUNKED + b"3\r\nabc\r\n",
    "endless words of a chunk": CHUNKED + b"3;" + b"x" * (1 << 17) + b"\r\nabc\r\n0\r\n\r\n",
    "endless trailers": CHUNKED + b"0\r\n" + b"a: b\r\n" * (1 << 14),
    "a line that is no header": ok(b"Content-Length: 3", b"nothing", b"X: y") + b"abc",
    "a space before the colon": ok(b"Content-Length : 3") + b"abc",
    "NUL": ok(b"X: a\0b", b"Content-Length: 0"),
    "a bare CR": ok(b"X: a\rContent-Length: 3", b"Content-Length: 0"),
    "a fold before all headers": ok(b" folded: x", b"Content-Length: 0"),
    "a long header": ok(b"X: " + b"x" * (1 << 17)),
    "many headers": ok(*[b"X: y"] * (1 << 15)),
    "endless interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "no HTTP": b"ICY 200 OK\r\n\r\n",
    "HTTP/0.9": b"<html>",
    "a long status": b"HTTP/1.1 2000 OK\r\n\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": ok(b"Content-Length: 3") + b"ab",
    "no body": ok(b"Content-Length: 3"),
    "a length beyond all disks": ok(b"Content-Length: 99999999999999999999") + b"abc",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_answer(name: str) -> None:
    with pytest.raises(WRONG):
        answered(BAD[name])


@given(at=st.integers(0, 80), other=st.binary(max_size=4), which=st.sampled_from([CHUNKED, ok(b"Content-Length: 9")]))
def test_whatever_is_said_is_an_answer_or_none(at: int, other: bytes, which: bytes) -> None:
    said = which + b"3\r\nabc\r\n0\r\n\r\n"
    try:
        head, body = answered(said[:at], other, said[at:])
    except WRONG:
        return
    assert len(body) <= len(said) + 4
    if head.status == 200 and (length := head.headers.get("content-length")):
        assert len(body) == int(length)


# --- when the next answer can be trusted ---

FORGED = ok(b"Content-Length: 6") + b"forged"


@pytest.mark.parametrize(
    ("said", "goes_on"),
    [
        (ok(b"Content-Length: 2") + b"ok", True),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", True),
        (ok(b"Content-Length: 2") + b"ok" + FORGED, False),
        (ok(b"Content-Length: 2") + b"ok\r\n", False),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + FORGED, False),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 40\r\n\r\n" + FORGED, False),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n" + FORGED, False),
        (ok(b"Content-Length: 2", b"Connection: x, Close") + b"ok", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", False),
    ],
)
def test_what_comes_behind_an_answer_is_never_the_next(said: bytes, goes_on: bool) -> None:
    with hearing(said, hangs_up=False) as connection:
        connection.ask(GET)
        assert b"".join(connection.body()) in (b"ok", b"")
        assert connection.can_go_on() is goes_on


def test_what_comes_later_is_not_the_next_answer_either() -> None:
    ours, theirs = socket.socketpair()
    with theirs, closing(Connection(ours)) as connection:
        theirs.sendall(ok(b"Content-Length: 2") + b"ok")
        connection.ask(GET)
        list(connection.body())
        assert connection.can_go_on()
        theirs.sendall(FORGED)
        assert not connection.can_go_on()


def test_who_hangs_up_is_not_asked_again() -> None:
    with hearing(ok(b"Content-Length: 2") + b"ok") as connection:
        connection.ask(GET)
        list(connection.body())
        assert not connection.can_go_on()


@pytest.mark.parametrize(
    ("said", "goes_on"),
    [
        (ok(b"Content-Length: 2") + b"ok", True),
        (ok(b"Content-Length: 3") + b"ok", False),
        (ok(b"Content-Length: 2") + b"okay", False),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", False),
    ],
)
def test_a_body_that_nobody_reads(said: bytes, goes_on: bool) -> None:
    with hearing(said, hangs_up=False) as connection:
        connection.ask(GET)
        assert connection.can_go_on() is goes_on


def test_a_body_that_nobody_read_is_not_the_next_answer() -> None:
    ours, theirs = socket.socketpair()
    with theirs, closing(Connection(ours)) as connection:
        theirs.sendall(ok(b"Content-Length: 6") + b"forged")
        connection.ask(GET)
        assert connection.can_go_on()
        theirs.sendall(ok(b"Content-Length: 2") + b"ok")
        connection.ask(GET)
        assert b"".join(connection.body()) == b"ok"


# --- what is sent ---


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/", {"host": "x", "if-match": '"a"\r\nX-Evil: 1'}),
        Request("GET", "/", {"host": "x", "if-match": "a\nb"}),
        Request("GET", "/", {"host": "x", "x y": "z"}),
        Request("GET", "/ HTTP/1.1\r\nX-Evil: 1\r\n\r\n", {"host": "x"}),
        Request("GET", "/\u00e9", {"host": "x"}),
    ],
)
def test_nothing_else_is_sent(request_: Request) -> None:
    ours, theirs = socket.socketpair()
    with theirs, closing(Connection(ours)) as connection:
        with pytest.raises((h11.LocalProtocolError, UnicodeEncodeError)):
            connection.ask(request_)
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)


def test_who_does_not_want_all_of_a_body_is_heard() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
    theirs.close()
    with closing(Connection(ours)) as connection:
        head = connection.ask(Request("PUT", "/", {"host": "x", "content-length": str(1 << 22)}, bytes(1 << 22)))
        assert head.status == 413
        assert not connection.can_go_on()


# --- who is slow ---


def test_a_head_that_does_not_end() -> None:
    with hearing(b"HTTP/1.1 200 OK\r\nX: y\r\n", hangs_up=False) as connection:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            connection.ask(GET, 0.05)
        assert time.monotonic() - began < 1


def test_a_head_that_comes_by_the_byte() -> None:
    """Each byte is in time, and all of them together are not."""
    ours, theirs = socket.socketpair()

    class Dripping(socket.socket):
        def recv(self, size: int, flags: int = 0) -> bytes:
            time.sleep(0.01)
            return b"x" if self.gettimeout() else b""

    with theirs, closing(Connection(Dripping(fileno=ours.detach()))) as connection, pytest.raises(TimeoutError):
        connection.ask(GET, 0.1)
