from __future__ import annotations

from tests.cases.packages import WHEEL, hashed, requirements, wheel

PLACE = {f"wheelhouse/{WHEEL}": wheel()}


def fires() -> dict[str, bytes]:
    return PLACE | requirements(hashed("torch==2.6.0"))


def quiet() -> dict[str, bytes]:
    return PLACE | requirements(hashed("demo==1.0", wheel()))
