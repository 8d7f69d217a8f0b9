from __future__ import annotations

from tests.cases.packages import hashed, requirements


def fires() -> dict[str, bytes]:
    return requirements("torch==2.6.0")


def quiet() -> dict[str, bytes]:
    return requirements(hashed("torch==2.6.0"))
