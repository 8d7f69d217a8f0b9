from __future__ import annotations

from tests.cases.packages import approved, released, wheel


def fires() -> dict[str, bytes]:
    return approved(wheel(), released({"demo-1.1.data/scripts/demo": b"#!python\n"}))


def quiet() -> dict[str, bytes]:
    return approved(wheel({"demo-1.0.data/scripts/demo": b""}), released({"demo-1.1.data/scripts/demo": b"#!python\n"}))
