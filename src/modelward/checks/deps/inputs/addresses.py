"""Addresses of packages, kept without what may be secret in them."""

from __future__ import annotations

import re

from modelward.core.dependency import Hash, Origin

_USER = re.compile(r"(?<=://)[^/?#]*@")
_QUERY = re.compile(r"\?[^#]*")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9.-]*(?:\+[A-Za-z-]+)?):")
_VCS = ("git", "hg", "svn", "bzr")
_COMMIT = re.compile(r"@(?:[0-9a-f]{40}|[0-9a-f]{64})$")

VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
"""What pip takes from its environment: https://pip.pypa.io/en/stable/reference/requirements-file-format/"""


def without_secrets(url: str) -> str:
    """*url* without user, password, query and fragment: tokens stand in each of them. A backslash among what is left
    out stays: to some clients the host ends there, and what follows is a path."""
    host_first = _USER.sub(lambda user: "\\@" if "\\" in user[0] else "", url)
    return _QUERY.sub("", host_first).partition("#")[0]


def scheme_of(text: str) -> str:
    """`git+https`, `file`, …; empty for a path."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else ""


def origin_of(address: str) -> Origin:
    """Of a direct reference: a URL, a repository or a path."""
    scheme = scheme_of(address)
    if scheme.partition("+")[0] in _VCS:
        return Origin("vcs", without_secrets(address))
    return Origin("path" if scheme in ("", "file") else "url", without_secrets(address))


def is_at_commit(origin: Origin) -> bool:
    """Whether a repository is asked for at a full commit, which always means the same files."""
    return origin.kind == "vcs" and bool(_COMMIT.search(origin.url))


def fragment(url: str) -> dict[str, str]:
    """`#egg=name&sha256=…`: https://pip.pypa.io/en/stable/topics/vcs-support/"""
    pairs = (part.partition("=") for part in url.partition("#")[2].split("&"))
    return {key: value for key, equals, value in pairs if equals}


def union(*several: tuple[Hash, ...]) -> tuple[Hash, ...]:
    return tuple(dict.fromkeys(one for some in several for one in some))
