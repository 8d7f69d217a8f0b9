from __future__ import annotations

from tests.cases.packages import approved, released, wheel
from tests.deps.places import metadata

OTHER = wheel(said=metadata("other", "1.0"), info="other-1.0.dist-info")


def fires() -> dict[str, bytes]:
    return approved(wheel(), OTHER, "other-1.0-py3-none-any.whl")


def quiet() -> dict[str, bytes]:
    return approved(wheel(), released())
