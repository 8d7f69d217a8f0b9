"""Which document that names packages a text is, by its content."""

from __future__ import annotations

import re
from typing import Literal

from modelward.core.finding import Location, Unexamined

Kind = Literal["archive", "pylock", "uv-lock", "requirements"]

_ARCHIVES = (b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_COMMENT = re.compile(rb"\s*(?:#.*)?")
_TABLE = re.compile(rb"\[\[?[\w.\"' -]+\]\]?\s*(?:#.*)?")
_KEY = re.compile(rb"(lock-version|version)\s*=(?!=)")
_YAML = re.compile(rb"(?:---\s*|[\w-]+:(?:\s.*)?)")
_LOOKED_AT = 1 << 16

_DO = "export it as pylock.toml or requirements.txt with hashes, and audit that"


def kind_of(raw: bytes) -> Kind | Unexamined:
    """Of *raw*, the whole file or its beginning. Keys of a TOML text that belong to no table stand before all tables,
    so that its first lines decide; no line of theirs is a requirement."""
    if raw.startswith(_ARCHIVES):
        return "archive"
    if raw.startswith(_BOMS):
        return "requirements"
    head = raw[:_LOOKED_AT]
    if b"\0" in head:
        return _unread("it is neither text nor a wheel")
    lines = (line for line in head.removeprefix(b"\xef\xbb\xbf").splitlines() if not _COMMENT.fullmatch(line))
    for number, line in enumerate(lines):
        if key := _KEY.match(line):
            return "pylock" if key[1] == b"lock-version" else "uv-lock"
        if _TABLE.fullmatch(line):
            return _unread("it is TOML, and neither pylock.toml nor uv.lock")
        if not number and line.lstrip().startswith(b"{"):
            return _unread("it is JSON, and no lock that is read")
        if not number and _YAML.fullmatch(line) and b"://" not in line:
            return _unread("it is YAML, and no lock that is read")
    return "requirements"


def _unread(why: str) -> Unexamined:
    return Unexamined(Location(None), why, _DO)
