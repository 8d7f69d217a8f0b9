"""https://nvd.nist.gov/vuln/detail/CVE-2025-49655"""

from __future__ import annotations

from tests.corpus.keras import layer, saved, sequential


def fires() -> bytes:
    return saved(sequential(layer("TorchModuleWrapper", module="UEsFBg==")))


def quiet() -> bytes:
    return saved(sequential(layer("Wrapper", module="UEsFBg==")))
