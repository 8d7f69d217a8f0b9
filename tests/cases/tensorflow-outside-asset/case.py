"""https://www.tensorflow.org/api_docs/python/tf/saved_model/Asset"""

from __future__ import annotations

from tests.corpus.tensorflow import asset, constant, node, saved_model


def fires() -> bytes:
    return saved_model(constant("p", "/etc/passwd"), node("t", "InitializeTableFromTextFileV2", "x", "p"))


def quiet() -> bytes:
    return saved_model(
        constant("p", "/home/me/vocab.txt"),
        node("t", "InitializeTableFromTextFileV2", "x", "p"),
        more=(asset("p:0", "vocab.txt"),),
    )
