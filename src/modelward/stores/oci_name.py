"""Repositories of OCI registries, and what is in them, as oci://REGISTRY/NAME:TAG names them; who is let in.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
"""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass, field

from modelward.core.errors import UsageError
from modelward.core.remote import named

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_HOST = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_REFERENCE = re.compile(r"(.*/[^/:@]*)(?::([a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})|@(sha256:[0-9a-f]{64}))?")
_LONGEST = 255
HUB = "docker.io"
_HUB_API = "registry-1.docker.io"
"""What Docker calls its registry, and where that answers."""
_EXPECTED = "expected oci://REGISTRY/NAME, as oci://registry.example.org/team/models; a model may have a :TAG"


@dataclass(frozen=True, slots=True)
class Repository:
    """*registry* as it was written; *url* is its root."""

    registry: str
    name: str
    url: str

    @classmethod
    def parse(cls, text: str, *, insecure: bool = False) -> Repository:
        """https, but for a registry on this machine, and with *insecure* everywhere. Raises UsageError."""
        address = text[6:] if text[:6].lower() == "oci://" else ""
        registry, _, name = address.partition("/")
        host = _HOST.fullmatch(registry)
        if not host or len(name) > _LONGEST or not _NAME.fullmatch(name):
            shown = named(text.replace("oci://", "https://", 1)).replace("https://", "oci://", 1)
            raise UsageError(f"{shown!r} names no repository of a registry: {_EXPECTED}")
        plain = insecure or is_here(host[1].strip("[]"))
        where = _HUB_API if registry == HUB else registry
        return cls(registry, name, f"{'http' if plain else 'https'}://{where}")

    def __str__(self) -> str:
        return f"oci://{self.registry}/{self.name}"


@dataclass(frozen=True, slots=True)
class Reference:
    """What *name* names in a repository: a tag, or the digest of a manifest; all of it where that is ""."""

    at: Repository
    name: str

    @classmethod
    def parse(cls, text: str, *, insecure: bool = False) -> Reference:
        """oci://REGISTRY/NAME, with :TAG or @sha256:... behind it. Raises UsageError."""
        found = _REFERENCE.fullmatch(text)
        where, name = (found[1], found[2] or found[3] or "") if found else (text, "")
        return cls(Repository.parse(where, insecure=insecure), name)

    def __str__(self) -> str:
        return f"{self.at}{'@' if ':' in self.name else ':' if self.name else ''}{self.name}"


@dataclass(frozen=True, slots=True)
class Login:
    user: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """https://www.rfc-editor.org/rfc/rfc7617"""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def is_here(host: str) -> bool:
    """Whether that is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
