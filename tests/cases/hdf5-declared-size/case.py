"""https://nvd.nist.gov/vuln/detail/CVE-2026-0897"""

from __future__ import annotations

from tests.corpus.formats.hdf5 import hostile, ordinary


def fires() -> bytes:
    return hostile()["huge shape"]


def quiet() -> bytes:
    return ordinary()["sparse"]
