"""A server on this machine alone, for programs that ask by HTTP."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Semaphore
from typing import Any

from modelward import __version__
from modelward.app.osv_api import MOST_BODY, Answer, answer, refused

_AT_ONCE = 4  # answers that are made: more take the memory of more, and are no faster
_PATIENCE = 30.0  # seconds in which a client must go on


class Server(ThreadingMixIn, TCPServer):
    """Not yet serving: `serve_forever` does. Raises OSError for a port that is taken; 0 stands for any."""

    # no HTTPServer: it looks up the name of its address, of which a resolver may be asked
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, database: str, port: int) -> None:
        self.database = database
        self.answering = Semaphore(_AT_ONCE)
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no trouble of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = f"modelward/{__version__}"
    sys_version = ""
    timeout = _PATIENCE
    disable_nagle_algorithm = True  # head and body are sent apart

    def do_GET(self) -> None:
        stated = self.headers.get_all("content-length", [])
        length = stated[0] if stated else "0" if self.command == "GET" else ""
        if "transfer-encoding" in self.headers or len(stated) > 1 or not (length.isascii() and length.isdecimal()):
            self.send_error(411, "a request needs one Content-Length, and no Transfer-Encoding")
        elif len(length.lstrip("0")) > len(str(MOST_BODY)) or int(length) > MOST_BODY:
            self.send_error(413, f"a request may have {MOST_BODY:,} bytes")
        else:
            body = self.rfile.read(int(length))
            with self.server.answering:
                said = answer(self.command, self.path, body, self.server.database)
            self._send(said)

    do_POST = do_GET

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self.close_connection = True  # what follows is not known to be a request
        self._send(refused(code, message or self.responses[code][0]))

    def _send(self, said: Answer) -> None:
        self.send_response(said.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads a log of loopback requests."""
