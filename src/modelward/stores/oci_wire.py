"""HTTP as registries speak it: what is written as well as what is read, and logging in where they ask for it.

Nobody but the registry itself gets a password or a token: not where it redirects to, not where it lets blobs be
put; the password goes to where it says that tokens are given, which is the protocol, over https.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from modelward.core import canonical
from modelward.core.errors import Malformed, ReadError, UsageError
from modelward.core.remote import named
from modelward.stores.address import Address, Origin
from modelward.stores.connection import SILENCE
from modelward.stores.fetch import Refused
from modelward.stores.oci_documents import Descriptor
from modelward.stores.oci_name import Login, Repository
from modelward.stores.web import MOVED, READS, Answer, Hop, Web, origin_of

Secret = tuple[Origin, str]
"""An authorization, and the only place that it is sent to."""

_REDIRECTS = 5
_TRIES = 5
_PAUSE = 1.0
_PASSING = (429, 500, 502, 503, 504)
# of two who put the same manifest at once, docker-registry 2.8 tells one that it is another, and who reads a tag while
# it is written gets a 500
_RACED = ("PUT", 400)
_DIGESTING = 600.0  # seconds in which a registry may put a blob away
_MOST_SAID = 1 << 16
_MOST_TOKEN = 1 << 16
_SHOWN = 200
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))')
_TOKEN = re.compile(r"[!-~]+")
_REASONS = {
    401: "it does not let in with these credentials",
    403: "it is not for everyone",
    404: "it is not there",
    413: "it is more than the registry takes",
    429: "the registry wants fewer requests: try again later",
}
_NO_LOGIN = "it wants credentials: set MODELWARD_REGISTRY_USER and MODELWARD_REGISTRY_PASSWORD, or use docker login"


@dataclass(slots=True)
class Reply(Answer):
    """An answer of a registry."""

    def checked(self, wanted: Descriptor) -> Iterator[bytes]:
        """The body, in pieces. Raises Refused, at the end at the latest, where it is not what *wanted* says."""
        stated = self.headers.get("content-length", str(wanted.size))
        if stated != str(wanted.size):
            raise self.lies(f"{stated[:20]} bytes are there where {wanted.size:,} are due")
        hashed, have = hashlib.sha256(), 0
        for piece in self._pieces():
            have += len(piece)
            if have > wanted.size:
                raise self.lies(f"more bytes came than the {wanted.size:,} that are due")
            hashed.update(piece)
            yield piece
        if (have, hashed.hexdigest()) != (wanted.size, wanted.digest.value):
            raise self.lies(f"what came is not {wanted.digest}")

    def lies(self, why: str) -> Refused:
        return Refused(f"{named(self.url)}: {why}")

    def refusal(self) -> ReadError:
        """What its status means, and what the registry says to it."""
        why = _REASONS.get(self.status, "the registry does not do it")
        said = self._said()
        return self.error(f"{why} (status {self.status}{f': {said}' if said else ''})")

    def _said(self) -> str:
        """https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes"""
        try:
            match canonical.decode(self.rest(_MOST_SAID)):
                case {"errors": [{"code": str(code), **more}, *_]}:
                    return f"{code} {more.get('message', '')}"[:_SHOWN].strip()
        except (Malformed, ReadError):
            pass
        return ""


class Wire(Web):
    """For one repository. *writes* is the right that is asked for."""

    def __init__(self, at: Repository, login: Login | None, *, writes: bool) -> None:
        super().__init__()
        self._base = Address.parse(at.url)
        self._own = self._base.origin
        self._login = login
        self._scope = f"repository:{at.name}:{'pull,push' if writes else 'pull'}"
        self._secret: Secret = (self._own, "")

    @contextmanager
    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Iterator[Reply]:
        """*path*: at the registry, or an address that it gave. What can be asked again without harm is, where the
        registry stumbles. Raises ReadError for what goes wrong on the way, not for the status of the answer."""
        at = self._address(self._base, path)
        patience = _TRIES if method in READS or "/manifests/" in path else 1
        for left in reversed(range(patience)):
            with self._let_in(method, at, headers or {}, body) as reply:
                if not left or not (reply.status in _PASSING or (method, reply.status) == _RACED):
                    yield reply
                    return
            time.sleep(random.uniform(0, _PAUSE))  # so that two who collided do not again

    @contextmanager
    def _let_in(self, method: str, at: Address, headers: Mapping[str, str], body: bytes) -> Iterator[Reply]:
        with self._follow(method, at, headers, body, self._secret) as reply:
            if reply.status != 401 or origin_of(reply.url) != self._own:
                yield reply
                return
            self._secret = self._own, self._log_in(reply)
        with self._follow(method, at, headers, body, self._secret) as reply:
            if reply.status == 401 and self._login is None:
                raise reply.error(_NO_LOGIN)
            yield reply

    # -- requests

    @contextmanager
    def _follow(
        self, method: str, at: Address, headers: Mapping[str, str], body: bytes, secret: Secret
    ) -> Iterator[Reply]:
        """What is read is followed where it lies; what is written is not."""
        hops: list[Hop] = []
        while True:
            own = {"authorization": secret[1]} if secret[1] and at.origin == secret[0] else {}
            patience = _DIGESTING if method == "PUT" else SILENCE
            with self._send(method, at, own | dict(headers), body, patience) as (head, connection):
                if method not in READS or head.status not in MOVED:
                    yield Reply(str(at), head.status, head.headers, tuple(hops), self, connection)
                    return
                hops.append((str(at), head.headers))
                if len(hops) > _REDIRECTS:
                    raise ReadError(f"{named(str(at))}: more than {_REDIRECTS} redirects")
                at = self._address(at, head.headers.get("location", ""))

    def _address(self, at: Address, location: str) -> Address:
        """Where the registry sends. Raises ReadError: to https alone, never from elsewhere to this machine; by plain
        HTTP only if it is spoken to so itself, and on its own host."""
        refusal = ReadError(f"{named(str(at))}: it sends to {named(location)!r}, where nobody goes")
        try:
            url = at.join(location)
        except UsageError as error:
            raise refusal from error
        plain = url.scheme == "http" and self._base.scheme == "http" and url.host == self._base.host
        near = url.is_here and self._base.is_here
        far = url.scheme == "https" and not url.is_here
        if not location or not (plain or near or far):
            raise refusal
        return url

    # -- logging in

    def _log_in(self, reply: Reply) -> str:
        """What to send as authorization. Raises ReadError."""
        challenge = reply.headers.get("www-authenticate", "")
        scheme, _, rest = challenge.partition(" ")
        found = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        if scheme.lower() == "bearer" and found.get("realm"):
            return f"Bearer {self._token_from(found['realm'], found.get('service', ''))}"
        if self._login is None:
            raise reply.error(_NO_LOGIN)
        if "basic" not in challenge.lower():
            raise reply.error("it wants a login of a kind that is not known here; expected Basic or Bearer")
        return self._login.basic

    def _token_from(self, realm: str, service: str) -> str:
        url = self._address(self._base, realm)
        asked = {"service": service, "scope": self._scope} if service else {"scope": self._scope}
        url = Address.parse(with_query(str(url), **asked))
        secret = (url.origin, self._login.basic if self._login else "")
        with self._follow("GET", url, {}, b"", secret) as reply:
            if reply.status != 200:
                raise reply.error(_NO_LOGIN) if self._login is None else reply.refusal()
            try:
                body = canonical.decode(reply.rest(_MOST_TOKEN))
            except Malformed:
                body = None
            token = (body.get("token") or body.get("access_token")) if isinstance(body, dict) else None
            if not isinstance(token, str) or not _TOKEN.fullmatch(token):
                raise reply.error("it gives no token")
            return token


def with_query(address: str, **more: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(more)}"
