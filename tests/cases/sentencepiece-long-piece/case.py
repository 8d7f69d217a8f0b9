"""https://github.com/google/sentencepiece/issues/1263"""

from __future__ import annotations

from tests.corpus.formats.sentencepiece import PIECES, model, piece


def fires() -> bytes:
    return model(pieces=PIECES + piece("a" * 120_000))


def quiet() -> bytes:
    return model(pieces=PIECES + piece("a" * 9_000))
