"""https://www.unicode.org/reports/tr39/"""

from __future__ import annotations


def fires() -> dict[str, bytes]:
    return {"c\N{CYRILLIC SMALL LETTER O}nfig.json": b"{}"}


def quiet() -> dict[str, bytes]:
    return {"config.json": b"{}", "mod\N{LATIN SMALL LETTER E WITH GRAVE}le.json": b"{}"}
