from __future__ import annotations

from tests.cases.packages import approved, released, wheel


def fires() -> dict[str, bytes]:
    return approved(wheel(), released({"demo/_runtime/start.js": b""}))


def quiet() -> dict[str, bytes]:
    return approved(wheel(), released({"demo/more.py": b""}))
