"""Escaped names, as canonical.escape_bytes writes them, in the forms that others read."""

from __future__ import annotations

import posixpath
import shlex
from urllib.parse import quote

from modelward.core.canonical import unescape_bytes
from modelward.report.escape import visible

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")


def uri_path(name: str) -> str:
    """An escaped path as a relative URI reference. The first segment may hold a colon: quoted, it is no scheme."""
    return quote(unescape_bytes(name), safe="/-._~")


def shell_word(name: str) -> str:
    """An escaped name as one word that is safe to paste into bash or zsh."""
    raw = unescape_bytes(f"./{name}" if name.startswith("-") else name)
    text = raw.decode("utf-8", "replace")
    if raw == text.encode() and visible(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(chr(byte) if chr(byte) in _PLAIN else f"\\x{byte:02x}" for byte in raw) + "'"


def base(label: str, is_tree: bool) -> str:
    """The target as viewers look for it: relative to the folder of the run. Of a path that leads out
    of that folder only what lies in the target is kept, so that a report names no foreign place."""
    scheme, is_url, rest = label.partition("://")
    if is_url and scheme in ("https", "http", "hf"):
        return posixpath.normpath(rest).lstrip("/")
    path = posixpath.normpath(label)
    if path.startswith("/") or path.split("/")[0] == "..":
        return "" if is_tree else posixpath.basename(path)
    return "" if path == "." else path
