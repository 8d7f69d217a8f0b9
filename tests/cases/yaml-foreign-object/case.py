"""https://nvd.nist.gov/vuln/detail/CVE-2022-1471"""

from __future__ import annotations


def fires() -> bytes:
    return b"!!javax.script.ScriptEngineManager [x]\n"


def quiet() -> bytes:
    return b"!!map {a: !!str b}\n"
