"""https://nvd.nist.gov/vuln/detail/CVE-2017-18342"""

from __future__ import annotations


def fires() -> bytes:
    return b'!!python/object/apply:os.system ["true"]\n'


def quiet() -> bytes:
    return b'command: "!!python/object/apply:os.system"\nsteps: !!python/tuple [1, 2]\n'
