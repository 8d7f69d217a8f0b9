"""Addresses of files on servers, taken apart once, so that who is asked is never a matter of reading them again.

https://www.rfc-editor.org/rfc/rfc3986
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from modelward.core.errors import UsageError
from modelward.core.remote import named

Origin = tuple[str, str, int]

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9._-]+")
# urlsplit() takes some of these out, and some servers take a backslash for a slash
_NOWHERE = re.compile(r"[\x00-\x1f\x7f\\]")
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE = "/%:@!$&'()*+,;=~?"


@dataclass(frozen=True, slots=True)
class Address:
    """http or https, and no password. What may not stand in it is percent-encoded; a fragment is left out."""

    scheme: str
    host: str
    """In lower case, and without brackets."""
    port: int
    path: str
    query: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises UsageError."""
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
            place = parts.netloc.rpartition("@")[2].lower()
            if _NOWHERE.search(text) or not _is_host(host) or place not in _spellings(host, port):
                raise ValueError("no host")
        except ValueError as error:
            raise UsageError(f"{named(text)!r} is no URL; a host is written in ASCII, as xn--...") from error
        if parts.scheme not in _PORTS:
            raise UsageError(f"{named(text)!r} is no URL of a file: expected https://host/path")
        if "@" in parts.netloc:
            raise UsageError(f"the URL of {host} holds a password: leave it out")
        path, query = (quote(_STRAY.sub("%25", part), _SAFE) for part in (parts.path, parts.query))
        return cls(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, path, query)

    @property
    def origin(self) -> Origin:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """As a Host header has it."""
        host = _bracketed(self.host)
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """What its server is asked for."""
        return (self.path or "/") + (f"?{self.query}" if self.query else "")

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def is_here(self) -> bool:
        """Whether that is this machine, as far as the name says it."""
        return self.host == "localhost" or (_is_ip(self.host) and ipaddress.ip_address(self.host).is_loopback)

    def join(self, reference: str) -> Address:
        """Where a *reference* in an answer leads. Raises UsageError."""
        try:
            if _NOWHERE.search(reference):
                raise ValueError("control characters")
            return Address.parse(urljoin(str(self), reference))
        except ValueError as error:
            raise UsageError(f"{named(reference)!r} is no URL") from error

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}" + (f"?{self.query}" if self.query else "")


def _spellings(host: str, port: int | None) -> tuple[str, ...]:
    """Of what stands between // and the path: nothing else is where it is said to be."""
    host = _bracketed(host)
    return (host, f"{host}:") if port is None else (f"{host}:{port}",)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_host(text: str) -> bool:
    """Names with other letters are given in their ASCII form: which letters two of them share is not for us to say."""
    return bool(_HOST.fullmatch(text)) or (_is_ip(text) and "%" not in text)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
