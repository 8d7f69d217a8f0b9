from __future__ import annotations

from tests.cases.packages import alone, wheel


def fires() -> dict[str, bytes]:
    return alone(wheel(late={"demo/__init__.py": b"x = 1\n"}))


def quiet() -> dict[str, bytes]:
    return alone(wheel({"demo/__init__.py": b"x = 1\n"}))
