from __future__ import annotations

from tests.cases.packages import hashed, requirements


def fires() -> dict[str, bytes]:
    return requirements(hashed("tenosrflow==2.20.0"))


def quiet() -> dict[str, bytes]:
    return requirements(hashed("tensorflow==2.20.0"))
