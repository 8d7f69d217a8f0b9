from __future__ import annotations

from tests.cases.packages import feed, hashed, requirements
from tests.deps.records import entry

HOSTILE = feed("MAL-2026-1", entry("litellm", versions=["1.82.7", "1.82.8"]))


def fires() -> dict[str, bytes]:
    return HOSTILE | requirements(hashed("litellm==1.82.8"))


def quiet() -> dict[str, bytes]:
    return HOSTILE | requirements(hashed("litellm==1.82.6"))
