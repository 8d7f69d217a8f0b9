"""https://github.com/advisories/GHSA-48g7-3x6r-xfhp"""

from __future__ import annotations

from tests.corpus.keras import function, made, saved, sequential


def fires() -> bytes:
    return saved(sequential(function("numpy", "load")))


def quiet() -> bytes:
    return saved(sequential(made("numpy_layers", "Load", {}, registered_name="numpy_layers>Load")))
