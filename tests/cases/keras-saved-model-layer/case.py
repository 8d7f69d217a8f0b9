"""https://nvd.nist.gov/vuln/detail/CVE-2026-1462"""

from __future__ import annotations

from tests.corpus.keras import layer, saved, sequential


def fires() -> bytes:
    return saved(sequential(layer("TFSMLayer", filepath="model")))


def quiet() -> bytes:
    return saved(sequential(layer("Dense", units=1)))
