"""https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto"""

from __future__ import annotations

from tests.corpus.tensorflow import HEADER, entry, table


def fires() -> bytes:
    return table([HEADER, (b"a", entry(size=4))])


def quiet() -> bytes:
    return table([HEADER, (b"a", entry(size=24))])
