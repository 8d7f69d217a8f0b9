"""https://nvd.nist.gov/vuln/detail/CVE-2007-4559"""

from __future__ import annotations

from tests.cases.build import member, tar


def fires() -> bytes:
    return tar(member(b"../weights", b"x"))


def quiet() -> bytes:
    return tar(member(b"layer/../weights", b"x"))
