from __future__ import annotations

from tests.cases.packages import approved, released, wheel

NATIVE = b"\x7fELF" + bytes(60)


def fires() -> dict[str, bytes]:
    return approved(wheel(), released({"demo/tool.so": NATIVE}))


def quiet() -> dict[str, bytes]:
    return approved(wheel({"demo/old.so": NATIVE}), released({"demo/new.so": NATIVE}))
