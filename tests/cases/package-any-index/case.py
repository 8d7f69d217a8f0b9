from __future__ import annotations

from tests.cases.packages import hashed, requirements

SECOND = "--extra-index-url https://own.example/simple"


def fires() -> dict[str, bytes]:
    return requirements(SECOND, "acme-models==1.0")


def quiet() -> dict[str, bytes]:
    return requirements(SECOND, hashed("acme-models==1.0"))
