"""https://en.wikipedia.org/wiki/Billion_laughs_attack"""

from __future__ import annotations


def fires() -> bytes:
    lines = [b"a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"]
    for last, name in zip("abcdef", "bcdefg", strict=True):
        aliases = ", ".join([f"*{last}"] * 10)
        lines.append(f"{name}: &{name} [{aliases}]\n".encode())
    return b"".join(lines)


def quiet() -> bytes:
    return b"a: &a [1, 2, 3]\nb: [*a, *a, *a]\n"
