"""https://docs.sympy.org/latest/modules/core.html#sympy.core.sympify.sympify"""

from __future__ import annotations

from tests.corpus.formats import pt2


def fires() -> bytes:
    return pt2.hostile()["expression"]


def quiet() -> bytes:
    return pt2.ordinary()["expressions"]
