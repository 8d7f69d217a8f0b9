"""https://github.com/advisories/GHSA-c9rc-mg46-23w3"""

from __future__ import annotations

from tests.corpus.keras import function, saved, sequential


def fires() -> bytes:
    return saved(sequential(function("keras.utils", "get_file")))


def quiet() -> bytes:
    return saved(sequential(function("keras.ops", "get_item")))
