"""One connection to a server, for one request after another.

h11 reads what is answered, and is strict about it; the bytes of a body of a known length go past it. What it
is not for is here: how long a server may take, and when the next answer can be trusted to be one.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import h11

SILENCE = 30.0
"""Seconds in which a server must begin to answer, and go on."""

_MOST_HEAD = 1 << 16
_MOST_INTERIM = 10
_AT_ONCE = 1 << 18
_AT_FIRST = 1 << 16
_NO_BODY = (204, 304)


class Broken(Exception):
    """What came is no answer, or not all of one."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Head:
    """*headers* by lower-case name, repeated ones joined by commas."""

    status: int
    headers: Mapping[str, str]


class Connection:
    """Raises Broken, OSError (TimeoutError among them), and h11.ProtocolError."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._http = h11.Connection(h11.CLIENT)
        self._came = b""
        self._left: int | None = 0
        """Bytes of the body that have not been read; None where chunks or the end of the connection say it."""
        self._keeps = False

    def close(self) -> None:
        self._socket.close()

    def ask(self, request: Request, patience: float = SILENCE) -> Head:
        """Sends it, and gives the head of the answer, which must be here after *patience* seconds."""
        self._keeps = False
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD)
        headers = list(request.headers.items())
        sent = self._http.send(h11.Request(method=request.method, target=request.target, headers=headers)) or b""
        sent += (self._http.send(h11.Data(request.body)) or b"") + (self._http.send(h11.EndOfMessage()) or b"")
        # who refuses a long body may say so before all of it was sent
        with suppress(BrokenPipeError, ConnectionResetError):
            self._send(sent, patience)
        response = self._response(time.monotonic() + patience)
        head = Head(response.status_code, _plain(response))
        self._left = self._length(request.method, head)
        self._came = b"" if self._left is None else self._http.trailing_data[0]
        tokens = {token.strip().lower() for token in head.headers.get("connection", "").split(",")}
        self._keeps = response.http_version == b"1.1" and "close" not in tokens
        return head

    def body(self) -> Iterator[bytes]:
        """The pieces of it, which are none the second time."""
        while piece := self._framed() if self._left is None else self._counted(self._left):
            yield piece

    def can_go_on(self) -> bool:
        """Whether the next request can be sent here: all of the last answer came, and nothing but it."""
        return self._keeps and self._left == len(self._came) and not self._has_more()

    def _has_more(self) -> bool:
        """What came unasked, the end of the connection too, would be read as the answer to the next request."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        return bool(waiting.poll(0))

    def _send(self, data: bytes, patience: float) -> None:
        self._socket.settimeout(patience)
        view = memoryview(data)
        while view:  # not sendall(), whose time is for all of it
            view = view[self._socket.send(view[:_AT_ONCE]) :]

    # -- what is answered

    def _response(self, deadline: float) -> h11.Response:
        for _ in range(_MOST_INTERIM + 1):
            event = self._event(deadline)
            if isinstance(event, h11.Response):
                return event
        raise Broken(f"more than {_MOST_INTERIM} interim answers came, and no other")

    def _event(self, deadline: float) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            data = self._socket.recv(_AT_FIRST)
            if not data and self._http.their_state is h11.SEND_RESPONSE:
                raise Broken("the server disconnected without an answer")
            self._http.receive_data(data)
        return event

    def _length(self, method: str, head: Head) -> int | None:
        """https://www.rfc-editor.org/rfc/rfc9112#section-6.3"""
        length, coding = (head.headers.get(name) for name in ("content-length", "transfer-encoding"))
        if length is not None and coding is not None:
            raise Broken("two lengths are announced, by Content-Length and by Transfer-Encoding")
        if method == "HEAD" or head.status in _NO_BODY:
            return 0
        return int(length) if length is not None else None

    def _counted(self, left: int) -> bytes:
        if not left:
            return b""
        if self._came:
            piece, self._came = self._came[:left], self._came[left:]
        else:
            self._socket.settimeout(SILENCE)
            piece = self._socket.recv(min(left, _AT_ONCE))
        if not piece:
            raise Broken(f"the connection was closed {left:,} bytes before the expected end")
        self._left = left - len(piece)
        return piece

    def _framed(self) -> bytes:
        event = self._event(time.monotonic() + SILENCE)
        if isinstance(event, h11.Data):
            return bytes(event.data)
        self._left, self._came = 0, self._http.trailing_data[0]
        return b""


def _plain(response: h11.Response) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw in response.headers:
        name = raw_name.decode("ascii")
        try:
            value = raw.decode()
        except UnicodeDecodeError:
            value = raw.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
