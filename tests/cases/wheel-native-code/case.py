from __future__ import annotations

from tests.cases.packages import WHEEL, alone, wheel

NATIVE = {"demo/tables.bin": b"\x7fELF" + bytes(60)}


def fires() -> dict[str, bytes]:
    return alone(wheel(NATIVE))


def quiet() -> dict[str, bytes]:
    return alone(wheel(NATIVE), WHEEL.replace("none-any", "none-linux_x86_64"))
