"""Connections: kept for whom they were made for, and made only to who shows that it is the one."""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.attest.authority import DAY, WEB_SERVER, issue, key

from modelward.core.errors import ReadError, UsageError
from modelward.stores.address import Address
from modelward.stores.connection import Broken, Request
from modelward.stores.connections import Connections
from modelward.stores.web import Unreachable, Web

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"


class Speaking:
    """A server that gives these answers, one for each request, whatever it is; by TLS with *context*."""

    def __init__(self, answers: list[bytes], context: ssl.SSLContext | None = None) -> None:
        self._answers = answers
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.connections: list[list[bytes]] = []
        """What was asked on each."""
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                Thread(target=self._serve, args=(self._socket.accept()[0],), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError), plain:
            sock = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            self.connections.append(asked := [])
            with sock:
                while request := sock.recv(1 << 16):
                    asked.append(request)
                    sock.sendall(self._answers.pop(0))
                    if request.startswith(b"CONNECT"):
                        with self.tunnel() as there:
                            Thread(target=_pump, args=(there, sock), daemon=True).start()
                            _pump(sock, there)
                        return

    def tunnel(self) -> socket.socket:
        raise NotImplementedError


class Proxy(Speaking):
    """Which leads to *there* whoever is asked for."""

    there: Speaking

    def tunnel(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.there.port))


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Of 127.0.0.1 and models.example.org, trusted as SSL_CERT_FILE."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    names = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("models.example.org")]
    now = datetime.now(UTC)
    certificate = issue("x", "x", ca=True, usage=None, purposes=WEB_SERVER, names=names, start=now - DAY, end=now + DAY)
    file = tmp_path / "certificate.pem"
    pem = certificate.public_bytes(Encoding.PEM)
    file.write_bytes(pem + key("x").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture
def web() -> Iterator[Web]:
    with closing(Web()) as web:
        yield web


def body_of(web: Web, url: str) -> bytes:
    with web.get(url) as answer:
        return answer.rest(1 << 20)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(("first", "connections"), [(OK, 1), (OK + FORGED, 2), (OK + b"\r\n", 2)])
def test_a_connection_is_kept_while_it_says_nothing_else(
    web: Web, tls: ssl.SSLContext, secure: bool, first: bytes, connections: int
) -> None:
    """Under TLS what comes behind an answer has been taken from the network with it, so that nobody sees it there."""
    with closing(Speaking([first, OK], tls if secure else None)) as server:
        url = f"http{'s' if secure else ''}://127.0.0.1:{server.port}/x"
        assert [body_of(web, url), body_of(web, url)] == [b"ok", b"ok"]
        assert len(server.connections) == connections


def test_what_is_read_to_its_length_has_nothing_behind_it(tls: ssl.SSLContext) -> None:
    """A long body comes past the reader of heads: it stays in the TLS layer."""
    long = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 18) + bytes(1 << 18)
    with closing(Speaking([long + FORGED], tls)) as server, closing(Connections()) as connections:
        connection = connections.take(Address.parse(f"https://127.0.0.1:{server.port}"))
        connection.ask(Request("GET", "/", {"host": "x"}))
        assert sum(map(len, connection.body())) == 1 << 18
        assert not connection.can_go_on()
        connection.close()


def test_another_origin_is_another_connection(web: Web) -> None:
    with closing(Speaking([OK, OK])) as one, closing(Speaking([OK])) as other:
        for server in (one, other, one):
            body_of(web, f"http://127.0.0.1:{server.port}/")
        assert (len(one.connections), len(other.connections)) == (1, 1)


def test_nothing_is_kept_once_it_is_closed() -> None:
    with closing(Speaking([OK])) as server:
        connections, at = Connections(), Address.parse(f"http://127.0.0.1:{server.port}")
        connection = connections.take(at)
        connection.ask(Request("GET", "/", {"host": "x"}))
        assert list(connection.body()) == [b"ok"]
        connections.close()
        connections.give_back(at, connection)
        with pytest.raises(OSError):
            connection.ask(Request("GET", "/", {"host": "x"}))


# --- who it is ---


def test_another_name_than_the_one_of_the_certificate(web: Web, tls: ssl.SSLContext) -> None:
    with closing(Speaking([OK], tls)) as server:
        with pytest.raises(ReadError, match=r"certificate verify failed.*localhost"):
            body_of(web, f"https://localhost:{server.port}/")
        assert server.connections == []


def test_a_certificate_of_nobody(web: Web, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    with closing(Speaking([OK], tls)) as server, pytest.raises(ReadError, match="SSL_CERT_FILE"):
        body_of(web, f"https://127.0.0.1:{server.port}/")


def test_no_tls(web: Web) -> None:
    with closing(Speaking([b"HTTP/1.1 400 Bad Request\r\n\r\n"])) as server, pytest.raises(Unreachable):
        body_of(web, f"https://127.0.0.1:{server.port}/")


# --- through a proxy ---

CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
MODELS = "https://models.example.org/x"


@pytest.fixture
def proxy(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with closing(Speaking([OK, OK], tls)) as server, closing(Proxy([CONNECTED])) as proxy:
        proxy.there = server
        monkeypatch.setenv("HTTPS_PROXY", f"http://ann:open%20sesame@127.0.0.1:{proxy.port}")
        yield proxy


def test_a_proxy_sees_whom_it_leads_to_and_nothing_else(web: Web, proxy: Proxy) -> None:
    assert [body_of(web, MODELS), body_of(web, MODELS)] == [b"ok", b"ok"]
    (asked,) = proxy.connections
    assert asked[0].startswith(b"CONNECT models.example.org:443 HTTP/1.1\r\n")
    assert b"Basic " + b64encode(b"ann:open sesame") in asked[0]
    ((first, _),) = proxy.there.connections
    assert b"proxy-authorization" not in first
    assert b"host: models.example.org\r\n" in first


def test_a_proxy_that_does_not_let_through(web: Web, proxy: Proxy) -> None:
    proxy._answers[:] = [b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"]
    with pytest.raises(Unreachable, match="status 407"):
        body_of(web, MODELS)


def test_a_proxy_is_somebody_else_without_a_certificate(web: Web, proxy: Proxy) -> None:
    with pytest.raises(ReadError, match=r"certificate verify failed.*other\.example\.org"):
        body_of(web, "https://other.example.org/")


def test_this_machine_needs_no_proxy(web: Web, proxy: Proxy) -> None:
    assert body_of(web, f"https://127.0.0.1:{proxy.there.port}/") == b"ok"
    assert proxy.connections == []


@pytest.mark.parametrize("named", ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "http://", "http://x:y"])
def test_proxies_that_are_not_known(web: Web, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("ALL_PROXY", named)
    with pytest.raises(UsageError, match="expected http://host:port"):
        body_of(web, MODELS)


def test_who_needs_no_proxy(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    def direct(address: tuple[str, int], timeout: float) -> socket.socket:
        raise Broken(f"{address} directly")

    monkeypatch.setenv("NO_PROXY", ".example.org")
    monkeypatch.setattr(socket, "create_connection", direct)
    with closing(Connections()) as connections, pytest.raises(Broken, match=r"models\.example\.org', 443"):
        connections.take(Address.parse(MODELS))
