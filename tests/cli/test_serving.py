"""`modelward advisories serve` over HTTP, as well-behaved and other clients speak it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.cli.process import REAL, environment
from tests.deps.advisories import database

from modelward.cli.commands import run
from modelward.cli.serving import Server
from modelward.core.errors import ReadError, UsageError

QUERY = json.dumps({"package": {"name": "torch", "ecosystem": "PyPI"}, "version": "2.5.1"}).encode()
HEAD = b"POST /v1/query HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /v1/vulns/PYSEC-2026-1 HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> str:
    return database(tmp_path_factory.mktemp("database"))


@pytest.fixture(scope="module")
def server(db: str) -> Iterator[Server]:
    with Server(db, 0) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def spoken(server: Server, sent: bytes) -> bytes:
    """All that is answered to these bytes, once nothing more is sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
        return b"".join(pieces)


def statuses(answers: bytes) -> list[int]:
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


def test_one_request_after_another_on_a_connection(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    for _ in range(2):
        connection.request("POST", "/v1/query", QUERY)  # with no Content-Type, as some clients do
        answer = connection.getresponse()
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert len(json.loads(answer.read())["vulns"]) == 2
        connection.request("GET", "/v1/vulns/PYSEC-2026-1")
        assert json.loads(connection.getresponse().read())["id"] == "PYSEC-2026-1"
    connection.close()


def test_it_listens_on_this_machine_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (HEAD + b"\r\n", 411),
        (HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        (HEAD + b"Content-Length: %s\r\n\r\n" % (b"9" * 5000), 413),
        (HEAD + b"Content-Length: 1048577\r\n\r\n", 413),
        (HEAD + b"Content-Length: -1\r\n\r\n", 411),
        (HEAD + b"Content-Length: +1\r\n\r\n1", 411),
        (HEAD + b"Content-Length: 0x1\r\n\r\n1", 411),
        (HEAD + b"Content-Length: \xb2\r\n\r\n12", 411),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 411),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411),
        (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411),
        (HEAD + b"Content-Length: 100\r\n\r\n{", 400),
        (b"PUT /v1/query HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 501),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
    ],
)
def test_what_is_no_request_gets_one_answer(server: Server, sent: bytes, expected: int) -> None:
    """And nothing that follows it is taken for another."""
    said = spoken(server, sent + GET + b"\r\n")
    assert statuses(said) == [expected]
    assert b'"message": ' in said


@pytest.mark.parametrize("sent", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\2\0\1\0\1\xfc\n"])
def test_what_is_no_http_gets_one_answer(server: Server, sent: bytes) -> None:
    assert json.loads(spoken(server, sent + GET + b"\r\n"))["message"]  # as before HTTP/1.0: without a head


def test_a_body_that_nobody_asked_for_is_no_request(server: Server) -> None:
    inner = b"GET /v1/vulns/MAL-2026-1 HTTP/1.1\r\n\r\n"
    said = spoken(server, GET + b"Content-Length: %d\r\n\r\n" % len(inner) + inner)
    assert statuses(said) == [200]
    assert b"MAL-2026-1" not in said


def test_requests_one_behind_the_other(server: Server) -> None:
    broken = HEAD + b"Content-Length: 1\r\n\r\n{"
    assert statuses(spoken(server, GET + b"\r\n" + broken + GET + b"\r\n")) == [200, 400, 200]


def test_a_client_that_goes_away_is_no_trouble(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            # closed by a reset, so that writing to it fails
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall((GET + b"\r\n") * 50)
    assert statuses(spoken(server, GET + b"\r\n")) == [200]
    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken(server: Server, db: str) -> None:
    with pytest.raises(ReadError, match=f"cannot listen on port {server.port}: .*--port"):
        run(["advisories", "serve", "--database", db, "--port", str(server.port)])


def test_what_is_wrong_with_the_database_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no database"):
        run(["advisories", "serve", "--database", str(tmp_path / "none.db"), "--port", "0"])


def test_it_serves_until_it_is_interrupted(db: str) -> None:
    command = [*REAL, "advisories", "serve", "--database", db, "--port", "0"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stderr
        first = process.stdout.readline()
        port = int(first.split()[1].rpartition(":")[2])
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/v1/vulns/PYSEC-2026-1")
        assert connection.getresponse().read()
        os.kill(process.pid, signal.SIGINT)  # while the connection is open
        assert process.wait(10) == 130
        connection.close()
        assert (process.stdout.read(), process.stderr.read()) == ("", "interrupted\n")
    assert first == f"serving http://127.0.0.1:{port} until interrupted\n"
