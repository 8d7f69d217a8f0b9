from __future__ import annotations

from tests.cases.packages import WHEEL, hashed, requirements, wheel

LOCKED = requirements(hashed("demo==1.0", wheel()))


def fires() -> dict[str, bytes]:
    return LOCKED | {f"wheelhouse/{WHEEL}": wheel({"demo/more.py": b""})}


def quiet() -> dict[str, bytes]:
    return LOCKED | {f"wheelhouse/{WHEEL}": wheel()}
