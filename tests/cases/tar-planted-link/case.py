"""https://nvd.nist.gov/vuln/detail/CVE-2025-4330"""

from __future__ import annotations

from tests.cases.build import member, tar


def fires() -> bytes:
    return tar(member(b"link", kind=b"2", link=b"folder"), member(b"link/weights", b"x"))


def quiet() -> bytes:
    return tar(member(b"link", kind=b"2", link=b"folder"), member(b"folder/weights", b"x"))
