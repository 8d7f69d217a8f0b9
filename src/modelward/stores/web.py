"""HTTP as far as reading files needs it: GET, and answers that are what they say.

Every redirect is followed here: from https to https alone (a server on this machine may speak http,
and nothing else leads to this machine), a few times, and without credentials once the host is
another. Nothing is decoded: what arrives is what was stored, or is refused.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import h11

from modelward import __version__
from modelward.core.errors import ReadError, UsageError
from modelward.core.remote import named
from modelward.stores.address import Address, Origin
from modelward.stores.connection import SILENCE, Broken, Connection, Head, Request
from modelward.stores.connections import Connections
from modelward.stores.files import reason

MOVED = (301, 302, 303, 307, 308)
READS = ("GET", "HEAD")
_REDIRECTS = 5
_PATIENCE = 60.0  # seconds, after which a body must have come at _PACE
_PACE = 1 << 10  # bytes a second
_SHOWN = 200


class Unreachable(ReadError):
    """No connection to the server could be made."""


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
    _connection: Connection

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
            for piece in self._connection.body():
                have += len(piece)
                self._web.count(received=len(piece))
                waited = time.monotonic() - began
                if waited > _PATIENCE and have < waited * _PACE:
                    raise self.error(f"{have:,} bytes came in {waited:.0f} seconds: try again later")
                yield piece

    def error(self, why: str) -> ReadError:
        return ReadError(f"{named(self.url)}: {why}")


class Web:
    """Connections that are kept for the next request, by any thread. *token* is sent to *origin* alone."""

    def __init__(self, origin: str = "", token: str = "") -> None:
        self._connections = Connections()
        self._origin = Address.parse(origin).origin if origin else None
        self._token = token
        self._counting = Lock()
        self.requests = 0
        self.bytes = 0

    def count(self, sent: int = 0, received: int = 0) -> None:
        with self._counting:
            self.requests += sent
            self.bytes += received

    def close(self) -> None:
        self._connections.close()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[Answer]:
        """Raises ReadError for what goes wrong on the way, not for the status of the answer."""
        at = check_url(url)
        hops: list[Hop] = []
        while True:
            login = {"authorization": f"Bearer {self._token}"} if self._token and at.origin == self._origin else {}
            with self._send("GET", at, login | dict(headers or {})) as (head, connection):
                if head.status not in MOVED:
                    yield Answer(str(at), head.status, head.headers, tuple(hops), self, connection)
                    return
                hops.append((str(at), head.headers))
                if len(hops) > _REDIRECTS:
                    raise ReadError(f"{named(url)}: more than {_REDIRECTS} redirects")
                at = _next(at, head.headers.get("location", ""))

    @contextmanager
    def _send(
        self, method: str, at: Address, headers: Mapping[str, str], body: bytes = b"", patience: float = SILENCE
    ) -> Iterator[tuple[Head, Connection]]:
        own = {
            "host": at.authority,
            "accept": "*/*",
            "accept-encoding": "identity",
            "user-agent": f"modelward/{__version__}",
        }
        if method not in READS:
            own["content-length"] = str(len(body))
        self.count(sent=1)
        with _told(str(at), Unreachable):
            connection = self._connections.take(at)
        try:
            with _told(str(at)):
                head = connection.ask(Request(method, at.target, own | dict(headers), body), patience)
            yield head, connection
        finally:
            self._connections.give_back(at, connection)


def check_url(text: str) -> Address:
    """Raises UsageError for an address that is not asked."""
    at = Address.parse(text)
    if at.scheme == "http" and not at.is_here:
        raise UsageError(f"{named(text)!r} could be changed on its way: give an https address")
    return at


def _next(at: Address, location: str) -> Address:
    try:
        url = check_url(str(at.join(location)))
    except UsageError as error:
        raise ReadError(f"{named(str(at))}: a redirect that is not followed: {error}") from error
    if not location or (url.is_here and not at.is_here) or (at.scheme, url.scheme) == ("https", "http"):
        raise ReadError(f"{named(str(at))}: a redirect that is not followed, to {named(str(url))!r}")
    return url


def origin_of(url: str) -> Origin:
    return Address.parse(url).origin


@contextmanager
def _told(url: str, kind: type[ReadError] = ReadError) -> Iterator[None]:
    """What goes wrong on the way, in words of ours."""
    try:
        yield
    except TimeoutError as error:
        raise kind(f"{named(url)}: the server does not answer: try again later") from error
    except ssl.SSLCertVerificationError as error:
        why = f"certificate verify failed: {error.verify_message}: SSL_CERT_FILE can name those to trust"
        raise ReadError(f"{named(url)}: {why}") from error
    except (Broken, OSError, h11.ProtocolError) as error:
        what = " ".join((reason(error) if isinstance(error, OSError) else str(error)).split())
        raise kind(f"{named(url)}: {what[:_SHOWN] or type(error).__name__}") from error
