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

import httpx

from modelward import __version__
from modelward.core import canonical
from modelward.core.errors import Malformed, ReadError
from modelward.core.remote import named
from modelward.stores.fetch import Refused
from modelward.stores.oci_documents import Descriptor
from modelward.stores.oci_name import Login, Repository, is_here
from modelward.stores.web import Answer, Hop, Web, origin_of

Origin = tuple[str, str, int | None]
Secret = tuple[Origin, str]
"""An authorization, and the only place that it is sent to."""

_REDIRECTS = 5
_TRIES = 5
_PAUSE = 1.0
_PASSING = (429, 500, 502, 503, 504)
# of two who put the same manifest at once, docker-registry 2.8 tells one that it is another, and who reads a tag while
# it is written gets a 500
_RACED = ("PUT", 400)
_MOVED = (301, 302, 303, 307, 308)
_READS = ("GET", "HEAD")
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
        self._base = httpx.URL(at.url)
        self._own = origin_of(at.url)
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
        patience = _TRIES if method in _READS or "/manifests/" in path else 1
        for left in reversed(range(patience)):
            with self._let_in(method, at, headers or {}, body) as reply:
                if not left or not (reply.status in _PASSING or (method, reply.status) == _RACED):
                    yield reply
                    return
            time.sleep(random.uniform(0, _PAUSE))  # so that two who collided do not again

    @contextmanager
    def _let_in(self, method: str, at: httpx.URL, headers: Mapping[str, str], body: bytes) -> Iterator[Reply]:
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
        self, method: str, at: httpx.URL, headers: Mapping[str, str], body: bytes, secret: Secret
    ) -> Iterator[Reply]:
        """What is read is followed where it lies; what is written is not."""
        hops: list[Hop] = []
        while True:
            own = {"authorization": secret[1]} if secret[1] and origin_of(str(at)) == secret[0] else {}
            with self._request(method, at, own | dict(headers), body) as response:
                if method not in _READS or response.status_code not in _MOVED:
                    yield Reply(str(at), response.status_code, _plain(response), tuple(hops), self, response)
                    return
                hops.append((str(at), _plain(response)))
                if len(hops) > _REDIRECTS:
                    raise ReadError(f"{named(str(at))}: more than {_REDIRECTS} redirects")
                at = self._address(at, response.headers.get("location", ""))

    @contextmanager
    def _request(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes
    ) -> Iterator[httpx.Response]:
        own = {"accept-encoding": "identity", "user-agent": f"modelward/{__version__}"} | dict(headers)
        patience = httpx.Timeout(30.0, read=_DIGESTING if method == "PUT" else 30.0)
        self.count(sent=1)
        try:
            request = self._client.build_request(method, url, headers=own, content=body, timeout=patience)
            response = self._client.send(request, stream=True)
        except httpx.TimeoutException as error:
            raise ReadError(f"{named(str(url))}: the registry does not answer: try again later") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            what = " ".join(str(error).split())[:_SHOWN] or type(error).__name__
            raise ReadError(f"{named(str(url))}: {what}") from error
        try:
            yield response
        finally:
            response.close()

    def _address(self, at: httpx.URL, location: str) -> httpx.URL:
        """Where the registry sends. Raises ReadError: to https alone, never from elsewhere to this machine; by plain
        HTTP only if it is spoken to so itself, and on its own host."""
        try:
            url = at.join(location)
        except (httpx.InvalidURL, ValueError) as error:
            raise ReadError(f"{named(str(at))}: it sends to what is no address") from error
        plain = url.scheme == "http" and self._base.scheme == "http" and url.host == self._base.host
        near = is_here(url.host) and is_here(self._base.host) and url.scheme in ("http", "https")
        far = url.scheme == "https" and not is_here(url.host)
        if not location or url.userinfo or not url.host or not (plain or near or far):
            raise ReadError(f"{named(str(at))}: it sends to {named(str(url))!r}, where nobody goes")
        return url.copy_with(fragment=None)

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
        url = url.copy_merge_params(asked)
        secret = (origin_of(str(url)), self._login.basic if self._login else "")
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


def _plain(response: httpx.Response) -> Mapping[str, str]:
    return {name: response.headers[name] for name in response.headers}
