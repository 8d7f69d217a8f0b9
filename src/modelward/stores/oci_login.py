"""What to log in to a registry with: what the environment says, else what `docker login` has filed.

https://github.com/docker/docker-credential-helpers#development
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelward.core import canonical
from modelward.core.errors import Malformed, UsageError
from modelward.stores.files import reason
from modelward.stores.oci_name import HUB, Login

_MOST_CONFIG = 16 << 20
_MOST_SAID = 1 << 16
_PATIENCE = 60.0  # seconds: it may ask a person
_HELPER = re.compile(r"[a-zA-Z0-9_.-]+")
_HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io")
"""What the credentials of Docker's own registry are filed under."""
_INSTEAD = "set MODELWARD_REGISTRY_USER and MODELWARD_REGISTRY_PASSWORD instead"


def login_for(registry: str) -> Login | None:
    """What MODELWARD_REGISTRY_USER and MODELWARD_REGISTRY_PASSWORD hold, else what `docker login` has written into
    config.json, or a program that config.json names gives away. Raises UsageError."""
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
    try:
        return _filed(canonical.decode(raw), registry)
    except (Malformed, binascii.Error, UnicodeDecodeError):
        # what is wrong with it may be quoted from it
        raise UsageError(f"{str(path)!r} is no config.json of docker; {_INSTEAD}") from None


def _filed(body: Any, registry: str) -> Login | None:
    """A helper of its own goes before the one of all, as docker does it. Raises Malformed."""
    keys = (*_HUB_KEYS, HUB) if registry == HUB else (registry,)
    helpers = _table(body, "credHelpers")
    own = next((helpers[key] for key in keys if key in helpers), None)
    if own is not None:
        return _ask(own, keys[0])
    if body.get("credsStore") and (found := _ask(body["credsStore"], keys[0], must=False)):
        return found
    wanted = {_host_of(key) for key in keys}
    entries = [entry for key, entry in _table(body, "auths").items() if _host_of(key) in wanted]
    return _login(entries[0], registry) if entries else None


def _table(body: Any, name: str) -> Mapping[str, Any]:
    table = body.get(name, {}) if isinstance(body, dict) else None
    if not isinstance(table, dict):
        raise Malformed(f"no object of {name}")
    return table


def _host_of(key: str) -> str:
    return re.sub(r"^https?://", "", key).partition("/")[0]


def _login(entry: Any, registry: str) -> Login | None:
    if not isinstance(entry, dict):
        raise Malformed("no object of an auth")
    if entry.get("identitytoken"):
        raise UsageError(f"docker has filed an identity token for {registry}, which is not understood; {_INSTEAD}")
    auth = entry.get("auth")
    if not isinstance(auth, str) or not auth:  # a program keeps it, or kept it
        return None
    user, _, password = base64.b64decode(auth, validate=True).decode().partition(":")
    return Login(user, password.rstrip("\0"))


def _ask(helper: Any, key: str, *, must: bool = True) -> Login | None:
    """What the program docker-credential-*helper* gives for *key*; None if it has nothing. One that *must* not be
    there may be missing: where a config.json was copied to, as in a container, its registries may ask for nothing."""
    if not isinstance(helper, str) or not _HELPER.fullmatch(helper):
        raise Malformed("no name of a credential helper")
    program = f"docker-credential-{helper}"
    try:
        done = subprocess.run([program, "get"], input=key.encode(), capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        if isinstance(error, FileNotFoundError) and not must:
            return None
        why = reason(error) if isinstance(error, OSError) else "it does not answer"
        raise UsageError(f"{program}, which config.json of docker names, cannot be asked: {why}; {_INSTEAD}") from None
    said = done.stdout[:_MOST_SAID]
    if done.returncode:
        # so that it is no error: https://github.com/docker/docker-credential-helpers/blob/master/credentials/error.go
        if b"credentials not found" in said:
            return None
        why = said.decode(errors="replace").strip()[:200] or f"exit {done.returncode}"
        raise UsageError(f"{program}, which config.json of docker names, does not give it: {why}; {_INSTEAD}")
    return _given(said, program)


def _given(said: bytes, program: str) -> Login:
    try:
        match canonical.decode(said):
            case {"Username": str(user), "Secret": str(secret)} if user and secret:
                if user == "<token>":
                    raise UsageError(f"{program} gives an identity token, which is not understood; {_INSTEAD}")
                return Login(user, secret)
    except Malformed:
        pass  # what it says may be a secret
    raise UsageError(f"{program}, which config.json of docker names, answers something else; {_INSTEAD}")
