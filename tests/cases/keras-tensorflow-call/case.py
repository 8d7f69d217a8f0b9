"""https://github.com/tensorflow/tensorflow/blob/master/SECURITY.md"""

from __future__ import annotations

from tests.corpus.hdf5 import keras
from tests.corpus.keras import legacy


def fires() -> bytes:
    return keras(legacy(("TFOpLambda", {"function": "io.read_file"})))


def quiet() -> bytes:
    return keras(legacy(("TFOpLambda", {"function": "strings.split"})))
