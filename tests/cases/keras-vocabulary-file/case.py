"""https://nvd.nist.gov/vuln/detail/CVE-2025-12058"""

from __future__ import annotations

from tests.corpus.keras import layer, saved, sequential


def fires() -> bytes:
    return saved(sequential(layer("StringLookup", vocabulary="/etc/passwd")))


def quiet() -> bytes:
    return saved(sequential(layer("StringLookup", vocabulary=["/etc/passwd"])))
