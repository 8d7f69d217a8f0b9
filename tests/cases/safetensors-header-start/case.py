from __future__ import annotations

from tests.cases.build import headed


def fires() -> bytes:
    return headed(b" {}")


def quiet() -> bytes:
    return headed(b"{} ")
