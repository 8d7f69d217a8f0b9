"""https://github.com/advisories/GHSA-48g7-3x6r-xfhp"""

from __future__ import annotations

from tests.corpus.keras import function, saved, sequential


def fires() -> bytes:
    return saved(sequential(compile_config={"loss": function("os", "system")}))


def quiet() -> bytes:
    return saved(sequential(compile_config={"loss": function("keras.losses", "mean_squared_error")}))
