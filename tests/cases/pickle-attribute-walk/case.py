"""https://github.com/advisories/GHSA-5j3x-jp52-966f"""

from __future__ import annotations

from tests.corpus.opcodes import name, stream


def fires() -> bytes:
    return stream(name("sklearn.base", "clone.__globals__"))


def quiet() -> bytes:
    return stream(name("sklearn.base", "BaseEstimator.clone"))
