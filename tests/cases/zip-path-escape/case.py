"""https://security.snyk.io/research/zip-slip-vulnerability"""

from __future__ import annotations

from tests.formats.zips import archive, plain


def fires() -> bytes:
    return archive(plain(b"../weights", b"x"))


def quiet() -> bytes:
    return archive(plain(b"..weights", b"x"))
