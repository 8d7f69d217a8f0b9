"""HTTP as far as reading files needs it: GET, and answers that are what they say.

Every redirect is followed here: from https to https alone (a server on this machine may speak http,
and nothing else leads to this machine), a few times, and without credentials once the host is
another. Nothing is decoded: what arrives is what was stored, or is refused.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Lock

import httpcore
import httpx

from modelward import __version__
from modelward.core.errors import ReadError, UsageError
from modelward.core.remote import named

_REDIRECTS = 5
_MOVED = (301, 302, 303, 307, 308)
_PATIENCE = 60.0  # seconds, after which a body must have come at _PACE
_PACE = 1 << 10  # bytes a second
_SILENCE = 30.0  # seconds without a byte
_LONG = 4 << 20  # bytes of a body
_AT_ONCE = 1 << 17
_SHOWN = 200

Hop = tuple[str, Mapping[str, str]]
"""A redirect: where it was asked, and the headers of the answer."""


@dataclass(slots=True)
class Answer:
    """What stands at the end of the redirects. Headers by lower-case name, repeated ones joined by commas."""

    url: str
    status: int
    headers: Mapping[str, str]
    hops: tuple[Hop, ...]
    _web: Web
    _response: httpx.Response

    def body(self, size: int) -> Iterator[bytes]:
        """Pieces that are *size* bytes together. Raises ReadError for more, and for fewer."""
        stated = self.headers.get("content-length", str(size))
        if stated != str(size):
            raise self.error(f"{stated[:20]} bytes are announced where {size:,} are due")
        have = 0
        for piece in self._pieces():
            have += len(piece)
            if have > size:
                raise self.error(f"more bytes came than the {size:,} that are due")
            yield piece
        if have < size:
            raise self.error(f"{have:,} bytes came where {size:,} are due")

    def whole(self, size: int) -> bytearray:
        """All *size* bytes of a body. Raises as `body` does."""
        made, have = bytearray(size), 0
        for piece in self.body(size):
            made[have : have + len(piece)] = piece
            have += len(piece)
        return made

    def rest(self, most: int) -> bytes:
        """All of a body that is to be parsed as a whole. Raises ReadError for more than *most* bytes."""
        whole = bytearray()
        for piece in self._pieces():
            whole += piece
            if len(whole) > most:
                raise self.error(f"more than {most:,} bytes came")
        return bytes(whole)

    def _pieces(self) -> Iterator[bytes]:
        encoding = self.headers.get("content-encoding", "identity").lower()
        if encoding != "identity":
            raise self.error(f"it comes encoded as {encoding[:20]}, which was not asked for")
        have, began = 0, time.monotonic()
        with _told(self.url):
            for piece in self._raw():
                have += len(piece)
                self._web.count(received=len(piece))
                waited = time.monotonic() - began
                if waited > _PATIENCE and have < waited * _PACE:
                    raise self.error(f"{have:,} bytes came in {waited:.0f} seconds: try again later")
                yield piece

    def _raw(self) -> Iterator[bytes]:
        """The body as it arrives. The library's own way costs more than hashing, so what is long is taken from the
        connection itself once it has nothing of it left; the connection is closed afterwards.

        https://www.encode.io/httpcore/extensions/#network_stream"""
        pieces = self._response.iter_raw()
        left = int(self.headers.get("content-length", "0")[:18]) if self._is_plain() else 0
        if left < _LONG:
            yield from pieces
            return
        stream = self._response.extensions["network_stream"]
        piece = next(pieces, b"")
        while piece:
            yield piece
            left -= len(piece)
            piece = stream.read(min(left, _AT_ONCE), timeout=_SILENCE) if left else b""

    def _is_plain(self) -> bool:
        headers = self.headers
        framed = headers.get("content-length", "").isdecimal() and "transfer-encoding" not in headers
        return framed and self._response.http_version == "HTTP/1.1"

    def error(self, why: str) -> ReadError:
        return ReadError(f"{named(self.url)}: {why}")


class Web:
    """Connections that are kept for the next request, by any thread. *token* is sent to *origin* alone."""

    def __init__(self, origin: str = "", token: str = "") -> None:
        # no proxy is asked for what is on this machine
        direct = {f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")}
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # they would tell one request from the next
        self._client = httpx.Client(timeout=httpx.Timeout(15.0, read=_SILENCE), mounts=direct, cookies=no_cookies)
        self._origin = _origin(httpx.URL(origin)) if origin else None
        self._token = token
        self._counting = Lock()
        self.requests = 0
        self.bytes = 0

    def count(self, sent: int = 0, received: int = 0) -> None:
        with self._counting:
            self.requests += sent
            self.bytes += received

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[Answer]:
        """Raises ReadError for what goes wrong on the way, not for the status of the answer."""
        at = check_url(url)
        hops: list[Hop] = []
        while True:
            with self._send(at, headers or {}) as response:
                if response.status_code not in _MOVED:
                    yield Answer(str(at), response.status_code, _plain(response), tuple(hops), self, response)
                    return
                hops.append((str(at), _plain(response)))
                if len(hops) > _REDIRECTS:
                    raise ReadError(f"{named(url)}: more than {_REDIRECTS} redirects")
                at = _next(at, response.headers.get("location", ""))

    @contextmanager
    def _send(self, url: httpx.URL, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        own = {"accept-encoding": "identity", "user-agent": f"modelward/{__version__}"}
        if self._token and _origin(url) == self._origin:
            own["authorization"] = f"Bearer {self._token}"
        self.count(sent=1)
        with _told(str(url)):
            request = self._client.build_request("GET", url, headers=own | dict(headers))
            response = self._client.send(request, stream=True)
        try:
            yield response
        finally:
            response.close()


def check_url(text: str) -> httpx.URL:
    """Raises UsageError for an address that is not asked."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise UsageError(f"{named(text)!r} is no URL") from error
    if not url.host or url.scheme not in ("http", "https"):
        raise UsageError(f"{named(text)!r} is no URL of a file: expected https://host/path")
    if url.userinfo:
        raise UsageError(f"the URL of {url.host} holds a password: leave it out")
    if url.scheme == "http" and not _is_here(url.host):
        raise UsageError(f"{named(text)!r} could be changed on its way: give an https address")
    return url.copy_with(fragment=None)


def _next(at: httpx.URL, location: str) -> httpx.URL:
    try:
        url = check_url(str(at.join(location)))
    except (UsageError, httpx.InvalidURL, ValueError) as error:
        raise ReadError(f"{named(str(at))}: a redirect that is not followed: {error}") from error
    if not location or (_is_here(url.host) and not _is_here(at.host)) or (at.scheme, url.scheme) == ("https", "http"):
        raise ReadError(f"{named(str(at))}: a redirect that is not followed, to {named(str(url))!r}")
    return url


def origin_of(url: str) -> tuple[str, str, int | None]:
    return _origin(httpx.URL(url))


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _plain(response: httpx.Response) -> Mapping[str, str]:
    return {name: response.headers[name] for name in response.headers}


@contextmanager
def _told(url: str) -> Iterator[None]:
    """What the library raises, in words of ours."""
    try:
        yield
    except (httpx.TimeoutException, httpcore.TimeoutException) as error:
        raise ReadError(f"{named(url)}: the server does not answer: try again later") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpcore.NetworkError) as error:
        what = " ".join(str(error).split())[:_SHOWN] or type(error).__name__
        raise ReadError(f"{named(url)}: {what}") from error
