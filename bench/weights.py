"""The numbers of every model of the benchmark."""

from __future__ import annotations

import random
from collections.abc import Iterator

TENSORS = 250
FLOATS = 1_000_000  # float32 in each tensor: 250 x 4,000,000 bytes = 1 GB


def weights(tensors: int, floats: int) -> Iterator[bytes]:
    """The bytes of each tensor; no two are equal."""
    block = random.Random(0).randbytes(4 * floats)
    for shift in range(1, tensors + 1):
        yield block[shift:] + block[:shift]
