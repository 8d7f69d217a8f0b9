from __future__ import annotations

from tests.corpus.opcodes import name, namespace, stream


def fires() -> bytes:
    return stream(namespace(append=name("sklearn.base", "clone")))


def quiet() -> bytes:
    return stream(namespace(cloned=name("sklearn.base", "clone")))
