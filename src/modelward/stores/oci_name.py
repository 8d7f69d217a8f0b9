"""Repositories of OCI registries, as oci://REGISTRY/NAME names them, and the passwords for them.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelward.core import canonical
from modelward.core.errors import Malformed, UsageError
from modelward.core.remote import named
from modelward.stores.files import reason

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_HOST = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_LONGEST = 255
_MOST_CONFIG = 16 << 20
_HUB = "docker.io"
_HUB_API = "registry-1.docker.io"
_HUB_KEY = "index.docker.io"
"""What Docker calls its registry, where that answers, and what the credentials are filed under."""
_EXPECTED = "expected oci://REGISTRY/NAME, as oci://registry.example.org/team/models, without a tag"


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
        where = _HUB_API if registry == _HUB else registry
        return cls(registry, name, f"{'http' if plain else 'https'}://{where}")

    def __str__(self) -> str:
        return f"oci://{self.registry}/{self.name}"


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


def login_for(registry: str) -> Login | None:
    """What MODELWARD_REGISTRY_USER and MODELWARD_REGISTRY_PASSWORD hold, else what `docker login` has written into
    config.json. Programs that keep passwords for docker are not started. Raises UsageError."""
    user, password = (os.environ.get(f"MODELWARD_REGISTRY_{name}", "") for name in ("USER", "PASSWORD"))
    if bool(user) != bool(password):
        raise UsageError("MODELWARD_REGISTRY_USER and MODELWARD_REGISTRY_PASSWORD: set both, or none")
    if user:
        return Login(user, password)
    path = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_CONFIG)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(path)!r} cannot be read: {reason(error)}") from error
    return _filed(raw, path, registry)


def _filed(raw: bytes, path: Path, registry: str) -> Login | None:
    try:
        body = canonical.decode(raw)
        auths = body.get("auths", {}) if isinstance(body, dict) else None
        if not isinstance(auths, dict):
            raise Malformed("no object of auths")
        wanted = _HUB_KEY if registry == _HUB else registry
        entries = [entry for key, entry in auths.items() if _host_of(key) == wanted]
        return _login(entries[0]) if entries else None
    except (Malformed, binascii.Error, UnicodeDecodeError):
        # what is wrong with it may be quoted from it
        message = f"{str(path)!r} is no config.json of docker; set MODELWARD_REGISTRY_USER and _PASSWORD instead"
        raise UsageError(message) from None


def _host_of(key: str) -> str:
    return re.sub(r"^https?://", "", key).partition("/")[0]


def _login(entry: Any) -> Login | None:
    auth = entry.get("auth") if isinstance(entry, dict) else None
    if not isinstance(auth, str) or not auth:  # a program keeps it
        return None
    user, _, password = base64.b64decode(auth, validate=True).decode().partition(":")
    return Login(user, password.rstrip("\0"))
