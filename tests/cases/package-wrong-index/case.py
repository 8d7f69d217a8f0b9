from __future__ import annotations

from tests.cases.packages import policy, pylock

OWN = "https://own.example/simple"
BOUND = policy(f'index = [{{ url = "{OWN}", names = ["acme-*"] }}]')


def fires() -> dict[str, bytes]:
    return BOUND | pylock("acme-models", "9.0")


def quiet() -> dict[str, bytes]:
    return BOUND | pylock("acme-models", "1.0", index=f"{OWN}/")
