"""A real nginx on this machine, as far as a client can tell: what it serves, and what it was asked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_nginx = pytest.mark.peer("nginx", "nginx-light")

_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_LOGGED = {
    "site": "$server_port",
    "path": "$request_uri",
    "status": "$status",
    "sent": "$body_bytes_sent",
    "range": "$http_range",
    "if_match": "$http_if_match",
    "authorization": "$http_authorization",
    "cookie": "$http_cookie",
}


@dataclass(frozen=True)
class Logged:
    """One line of the access log."""

    site: str
    path: str
    status: str
    sent: str
    range: str
    if_match: str
    authorization: str
    cookie: str


class Nginx:
    """Up to *number* sites, each with a port and a folder of its own.

    The sockets are made here and inherited, as in an upgrade of nginx: no port can be taken in
    between, and a client that comes early waits.
    """

    def __init__(self, folder: Path, number: int = 1) -> None:
        self._folder = folder
        self._sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
        for each in self._sockets:
            each.setblocking(False)
        self.ports = [each.getsockname()[1] for each in self._sockets]
        self.urls = [f"http://127.0.0.1:{port}" for port in self.ports]
        self.roots = [folder / f"site{n}" for n in range(number)]
        for root in self.roots:
            root.mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *sites: str) -> None:
        """*sites*: what stands in their server blocks."""
        words = ",".join(f'"{name}":"{variable}"' for name, variable in _LOGGED.items())
        lines = [
            "daemon off; pid nginx.pid; error_log stderr warn;",
            *(["user root;"] if os.geteuid() == 0 else []),  # else its worker is nobody, who cannot look into *folder*
            "events { worker_connections 64; }",
            "http {",
            *(f"{name}_temp_path {self._folder}/temporary;" for name in _TEMPORARY),
            f"log_format words escape=json '{{{words}}}';",
            f"access_log {self._folder}/access.log words;",
            "default_type application/octet-stream;",
        ]
        for port, root, site in zip(self.ports, self.roots, sites, strict=True):
            tls = " ssl" if "ssl_certificate" in site else ""
            lines.append(f"server {{ listen 127.0.0.1:{port}{tls}; root {root}; {site} }}")
        (self._folder / "nginx.conf").write_text("\n".join([*lines, "}\n"]))
        program = shutil.which("nginx", path=_PATH)
        assert program
        numbers = [each.fileno() for each in self._sockets]
        with (self._folder / "error.log").open("wb") as errors:
            self._process = subprocess.Popen(
                [program, "-p", str(self._folder), "-c", "nginx.conf"],
                env={"NGINX": "".join(f"{number};" for number in numbers)},
                pass_fds=numbers,
                stderr=errors,
            )

    def stop(self) -> list[Logged]:
        """Ends it, and gives what it was asked. Its lines come after its answers: only the end makes them complete."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # once the last answer is logged
            self._process.wait(10)
        for each in self._sockets:
            each.close()
        log = self._folder / "access.log"
        return [Logged(**json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []
