"""https://github.com/google/sentencepiece/issues/1269"""

from __future__ import annotations

from tests.corpus.formats.sentencepiece import charsmap, model


def fires() -> bytes:
    return model(charsmap(offset=1 << 20))


def quiet() -> bytes:
    return model(charsmap(offset=1, text=2))
