from __future__ import annotations

from tests.cases.packages import alone, wheel


def fires() -> dict[str, bytes]:
    return alone(wheel() + wheel({"demo/more.py": b""}))


def quiet() -> dict[str, bytes]:
    return alone(wheel())
