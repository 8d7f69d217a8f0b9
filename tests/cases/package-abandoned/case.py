from __future__ import annotations

from tests.cases.packages import hashed, page, requirements

FILE = "torch-2.6.0-py3-none-any.whl"
LOCK = requirements(hashed("torch==2.6.0"))


def fires() -> dict[str, bytes]:
    return LOCK | page("torch", FILE, status="archived")


def quiet() -> dict[str, bytes]:
    return LOCK | page("torch", FILE)
