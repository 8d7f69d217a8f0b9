"""Connections to servers: how they are made, and kept for the next request.

Who a server is shows its certificate, which those vouch for whom this system trusts (or SSL_CERT_FILE and
SSL_CERT_DIR). A proxy is a tunnel for https and sees nothing of it: HTTPS_PROXY, ALL_PROXY and NO_PROXY name it.
"""

from __future__ import annotations

import base64
import os
import socket
import ssl
from collections import defaultdict
from functools import cached_property
from threading import Lock
from urllib.parse import unquote, urlsplit

from modelward.core.errors import UsageError
from modelward.stores.address import Address, Origin
from modelward.stores.connection import Broken, Connection, Request

_CONNECTING = 15.0


class Connections:
    """By origin, for any thread."""

    def __init__(self) -> None:
        self._idle: dict[Origin, list[Connection]] = defaultdict(list)
        self._mutex = Lock()
        self._is_open = True

    def take(self, at: Address) -> Connection:
        """One that is the caller's alone. Raises UsageError, and what a Connection raises."""
        while True:
            with self._mutex:
                kept = self._idle[at.origin].pop() if self._idle[at.origin] else None
            if kept is None:
                return self._connect(at)
            if kept.can_go_on():
                return kept
            kept.close()

    def give_back(self, at: Address, connection: Connection) -> None:
        """Once the caller is done with the last answer."""
        if connection.can_go_on():
            with self._mutex:
                if self._is_open:
                    self._idle[at.origin].append(connection)
                    return
        connection.close()

    def close(self) -> None:
        with self._mutex:
            self._is_open = False
            for connection in (each for kept in self._idle.values() for each in kept):
                connection.close()
            self._idle.clear()

    def _connect(self, at: Address) -> Connection:
        proxy = _proxy(at)
        there = (at.host, at.port) if proxy is None else proxy[0]
        sock = socket.create_connection(there, _CONNECTING)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if proxy is not None:
                _tunnel(sock, at, proxy[1])
            if at.scheme == "https":
                sock.settimeout(_CONNECTING)
                sock = self._trust.wrap_socket(sock, server_hostname=at.host)
        except BaseException:
            sock.close()
            raise
        return Connection(sock)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context


def _tunnel(sock: socket.socket, at: Address, login: str) -> None:
    there = f"{at.authority.removesuffix(f':{at.port}')}:{at.port}"
    headers = {"host": there} | ({"proxy-authorization": login} if login else {})
    head = Connection(sock).ask(Request("CONNECT", there, headers), _CONNECTING)
    if not 200 <= head.status < 300:
        raise Broken(f"the proxy does not let through (status {head.status})")


def _proxy(at: Address) -> tuple[tuple[str, int], str] | None:
    """Where it is, and what to log in with. Plain HTTP, which is spoken on this machine and where a user says so, goes
    to its server. Raises UsageError."""
    if at.scheme != "https" or at.is_here or not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies_environment, proxy_bypass

    proxies = getproxies_environment()
    said = proxies.get("https") or proxies.get("all")
    if not said or proxy_bypass(at.authority, proxies):
        return None
    try:
        parts = urlsplit(said if "://" in said else f"http://{said}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme != "http":
        raise UsageError("HTTPS_PROXY or ALL_PROXY names no proxy that is known here: expected http://host:port")
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    login = f"Basic {base64.b64encode(user.encode()).decode()}" if parts.username else ""
    return (host, port or 80), login
