from __future__ import annotations

from tests.cases.packages import feed, hashed, requirements


def fires() -> dict[str, bytes]:
    return feed() | requirements(hashed("torch==2.5.1+cu121"))


def quiet() -> dict[str, bytes]:
    return feed() | requirements(hashed("torch==2.6.0"))
