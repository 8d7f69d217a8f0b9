from __future__ import annotations

from dataclasses import replace

from tests.formats.zips import archive, plain

_VERSION = plain(b"version", b"3")
_VERSION2 = plain(b"version2", b"3")


def fires() -> bytes:
    return archive(replace(_VERSION, after=b"something"), _VERSION2)


def quiet() -> bytes:
    return archive(_VERSION, _VERSION2)
