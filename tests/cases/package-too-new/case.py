from __future__ import annotations

from tests.cases.packages import policy, pylock

# the day of the cases is 2026-06-01
COOL = policy("cool-down = 7")


def fires() -> dict[str, bytes]:
    return COOL | pylock("torch", "2.6.0", "2026-05-26T00:00:00Z")


def quiet() -> dict[str, bytes]:
    return COOL | pylock("torch", "2.6.0", "2026-05-25T00:00:00Z")
