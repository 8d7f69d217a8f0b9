"""An HTTP server on this machine that serves files by range, and lies where it is told to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Protocol
from urllib.parse import unquote

STAMP = "Wed, 21 Oct 2015 07:28:00 GMT"


class Content(Protocol):
    @property
    def size(self) -> int: ...
    def read(self, at: int, n: int) -> bytes: ...


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Mapping[str, str]
    number: int
    """Requests before this one."""
    method: str = "GET"
    body: bytes = b""

    @property
    def range(self) -> tuple[int, int] | None:
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        return (int(found[1]), int(found[2]) + 1) if found else None

    @property
    def range_from(self) -> int:
        """Where a range begins that goes on to the end."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(found[1]) if found else 0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def having(self, **headers: str | None) -> Reply:
        """With these headers instead; None takes one away. An underscore stands for a hyphen."""
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name not in changed}
        return replace(self, headers=kept | {name: value for name, value in changed.items() if value is not None})


Lie = Callable[[Asked, Reply], Reply]


def honest(asked: Asked, reply: Reply) -> Reply:
    return reply


@dataclass
class Page:
    content: Content
    etag: str = '"first"'
    headers: dict[str, str] = field(default_factory=dict)

    def reply(self, asked: Asked) -> Reply:
        """https://www.rfc-editor.org/rfc/rfc9110#section-14"""
        size = self.content.size
        about = {"last-modified": STAMP} | ({"etag": self.etag} if self.etag else {}) | self.headers
        wanted = asked.headers.get("if-match")
        if wanted is not None and wanted != self.etag:
            return Reply(412)
        if self.etag and asked.headers.get("if-none-match") == self.etag:
            return Reply(304, {"etag": self.etag})
        if asked.range is None and not asked.range_from:
            return Reply(200, about | {"content-length": str(size)}, self.content.read(0, size))
        start, end = asked.range or (asked.range_from, size)
        if start >= size:
            return Reply(416, {"content-range": f"bytes */{size}", "content-length": "0"})
        body = self.content.read(start, min(end, size) - start)
        stated = {"content-range": f"bytes {start}-{start + len(body) - 1}/{size}", "content-length": str(len(body))}
        return Reply(206, about | stated, body)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has seen enough hangs up."""


class Server:
    """Pages by path; *otherwise* has what is under none. *lie* may change any answer, *ranges* may be ignored;
    *log* holds what was asked and answered."""

    def __init__(self) -> None:
        self.pages: dict[str, Page | Callable[[Asked], Reply]] = {}
        self.otherwise: Callable[[Asked], Reply] | None = None
        self.lie: Lie = honest
        self.ranges = True
        self.log: list[tuple[Asked, Reply]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and body are two writes

            def do_GET(self) -> None:
                server.answer(self)

            do_HEAD = do_POST = do_PUT = do_PATCH = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._http = _Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Server:
        self._thread = Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def given(self) -> int:
        """Bytes of all bodies."""
        return sum(len(reply.body) for _, reply in self.log)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        if not self.ranges:
            headers.pop("range", None)
        sent = handler.rfile.read(int(headers.get("content-length", 0)))
        asked = Asked(unquote(handler.path), headers, len(self.log), handler.command, sent)
        page = self.pages.get(asked.path) or self.pages.get(asked.path.partition("?")[0]) or self.otherwise
        honestly = Reply(404) if page is None else page.reply(asked) if isinstance(page, Page) else page(asked)
        reply = self.lie(asked, honestly)
        if "content-length" not in reply.headers and "transfer-encoding" not in reply.headers:
            reply = reply.having(content_length=str(len(reply.body)))
        self.log.append((asked, reply))
        handler.send_response_only(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        if asked.method == "HEAD":
            return
        handler.wfile.write(reply.body)
        handler.close_connection = reply.headers.get("content-length") != str(len(reply.body))


def serving() -> Iterator[Server]:
    with Server() as server:
        yield server


def json_reply(body: object, **headers: str) -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode()).having(**headers)


def redirect(location: str, status: int = 302, **headers: str) -> Callable[[Asked], Reply]:
    return lambda asked: Reply(status, {"location": location}).having(**headers)
