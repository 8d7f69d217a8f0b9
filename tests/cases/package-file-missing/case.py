from __future__ import annotations

from tests.cases.packages import environment


def fires() -> dict[str, bytes]:
    return environment(without="demo/__init__.py")


def quiet() -> dict[str, bytes]:
    return environment()
