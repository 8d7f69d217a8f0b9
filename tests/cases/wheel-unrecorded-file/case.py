from __future__ import annotations

from tests.cases.packages import alone, wheel

MORE = {"demo/more.py": b""}


def fires() -> dict[str, bytes]:
    return alone(wheel(late=MORE))


def quiet() -> dict[str, bytes]:
    return alone(wheel(MORE))
