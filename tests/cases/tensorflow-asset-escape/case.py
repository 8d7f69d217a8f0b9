"""https://www.tensorflow.org/api_docs/python/tf/saved_model/Asset"""

from __future__ import annotations

from tests.corpus.tensorflow import INPUT, asset, saved_model


def fires() -> bytes:
    return saved_model(INPUT, more=(asset("p:0", "../../../etc/passwd"),))


def quiet() -> bytes:
    return saved_model(INPUT, more=(asset("p:0", "vocab.txt"),))
