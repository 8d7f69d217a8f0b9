from __future__ import annotations

from tests.cases.packages import INFO, alone, wheel


def fires() -> dict[str, bytes]:
    return alone(wheel({f"{INFO}/entry_points.txt": b"[console_scripts]\npip = demo:main\n"}))


def quiet() -> dict[str, bytes]:
    return alone(wheel({f"{INFO}/entry_points.txt": b"[console_scripts]\ndemo-pip = demo:main\n"}))
