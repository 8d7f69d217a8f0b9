"""https://owasp.org/www-community/vulnerabilities/Deserialization_of_untrusted_data"""

from __future__ import annotations

from tests.corpus.formats import java


def fires() -> bytes:
    return java.hostile()["chain"]


def quiet() -> bytes:
    return b"sr\0\x11java.util.HashSet is what a stream of objects would name.".replace(b"\0", b" ").replace(
        b"\x11", b" "
    )
