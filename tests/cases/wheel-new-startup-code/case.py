from __future__ import annotations

from tests.cases.packages import approved, released, wheel

PATH = {"demo.pth": b"import demo\n"}


def fires() -> dict[str, bytes]:
    return approved(wheel(), released(PATH))


def quiet() -> dict[str, bytes]:
    return approved(wheel(PATH), released(PATH))
