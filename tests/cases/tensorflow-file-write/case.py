"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.tensorflow import constant, function, node, saved_model


def fires() -> bytes:
    return saved_model(
        functions=(function("f", ("x",), constant("path", "/tmp/mark"), node("w", "WriteFile", "path", "x")),)
    )


def quiet() -> bytes:
    return saved_model(
        functions=(
            function("f", ("x",), constant("WriteFile", "/tmp/mark"), node("w", "StringJoin", "WriteFile", "x")),
        )
    )
