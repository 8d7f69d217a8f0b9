from __future__ import annotations

from tests.cases.packages import approved, released, wheel


def fires() -> dict[str, bytes]:
    return approved(wheel(), released(requires="Requires-Dist: plain-crypto"))


def quiet() -> dict[str, bytes]:
    return approved(wheel(), released(requires="Requires-Dist: pytest; extra == 'test'"))
