from __future__ import annotations

from tests.cases.packages import alone, wheel


def fires() -> dict[str, bytes]:
    return alone(wheel({"demo.pth": b"import demo\n"}))


def quiet() -> dict[str, bytes]:
    return alone(wheel({"demo.pth": b"demo/more\n", "demo/more/demo.pth": b"import demo\n"}))
