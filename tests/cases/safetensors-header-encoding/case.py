from __future__ import annotations

from tests.cases.build import headed


def fires() -> bytes:
    return headed(b'{"__metadata__": {"a": "\xe9"}}')


def quiet() -> bytes:
    return headed(b'{"__metadata__": {"a": "\xc3\xa9"}}')
