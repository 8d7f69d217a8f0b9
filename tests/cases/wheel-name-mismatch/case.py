from __future__ import annotations

from tests.cases.packages import alone, wheel


def fires() -> dict[str, bytes]:
    return alone(wheel(), "torch-1.0-py3-none-any.whl")


def quiet() -> dict[str, bytes]:
    return alone(wheel(), "Demo-1.0.0-py3-none-any.whl")
