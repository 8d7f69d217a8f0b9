from __future__ import annotations

from tests.cases.packages import environment


def fires() -> dict[str, bytes]:
    return environment({"demo/__init__.py": b"x = 2\n"})


def quiet() -> dict[str, bytes]:
    return environment({"demo/__init__.py": b"x = 1\n"})
