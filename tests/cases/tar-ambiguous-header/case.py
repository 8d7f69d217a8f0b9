"""https://nvd.nist.gov/vuln/detail/CVE-2025-62518"""

from __future__ import annotations

from tests.cases.build import member, tar


def fires() -> bytes:
    return tar(member(b"folder", kind=b"5", size=512), member(b"weights", b"x"))


def quiet() -> bytes:
    return tar(member(b"folder", kind=b"5"), member(b"weights", b"x"))
