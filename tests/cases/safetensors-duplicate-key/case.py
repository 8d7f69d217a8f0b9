from __future__ import annotations

from tests.cases.build import headed


def fires() -> bytes:
    return headed(b'{"__metadata__": {"a": "1", "a": "2"}}')


def quiet() -> bytes:
    return headed(b'{"__metadata__": {"a": "1", "A": "2"}}')
