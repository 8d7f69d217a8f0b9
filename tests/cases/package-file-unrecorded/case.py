from __future__ import annotations

from tests.cases.packages import environment


def fires() -> dict[str, bytes]:
    return environment({"demo.pth": b"import demo\n"})


def quiet() -> dict[str, bytes]:
    return environment({"demo/__pycache__/__init__.cpython-311.pyc": b""})
