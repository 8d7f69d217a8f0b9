"""https://ubjson.org"""

from __future__ import annotations

from tests.corpus.formats.ubjson import fields


def fires() -> bytes:
    return fields(("learner", 1), ("version", 2), ("learner", 3))


def quiet() -> bytes:
    return fields(("learner", 1), ("version", {"learner": 3}))
