"""https://nvd.nist.gov/vuln/detail/CVE-2020-14343"""

from __future__ import annotations


def fires() -> bytes:
    return b"model: !!python/object:own.Model {size: 3}\n"


def quiet() -> bytes:
    return b"size: !!python/tuple [1, 2]\nname: !!python/str x\n"
