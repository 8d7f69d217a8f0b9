"""https://nvd.nist.gov/vuln/detail/CVE-2024-3660"""

from __future__ import annotations

from tests.corpus.keras import function, lambda_code, layer, saved, sequential


def fires() -> bytes:
    return saved(sequential(layer("Lambda", function=lambda_code())))


def quiet() -> bytes:
    return saved(sequential(layer("Lambda", function=function("keras.ops", "relu"))))
