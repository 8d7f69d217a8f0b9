"""A second stage that waits as data: https://github.com/trailofbits/fickling and modelaudit test for it."""

from __future__ import annotations

import base64
import os
import pickle
import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.conformance.cases import outcome, scan

from modelward.checks.scan.pickle.embedded import embedded_pickles
from modelward.formats.source import BytesSource


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo > fired",)


WAYS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "many bytes": lambda raw: raw + bytes(1000),
    "in a list": lambda raw: [1, [raw]],
    "base64": lambda raw: base64.b64encode(raw).decode(),
    "base64 for URLs": lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
    "base64 behind text": lambda raw: "weights: " + base64.b64encode(raw).decode(),
    "base64 as bytes": base64.b64encode,
    "hexadecimal": lambda raw: raw.hex(),
    "capital hexadecimal": lambda raw: raw.hex().upper(),
    "twice": lambda raw: pickle.dumps([raw]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("inner", [2, 3, 4, 5])
@pytest.mark.parametrize("outer", [2, 4, 5])
def test_a_pickle_kept_as_data_is_judged(way: str, inner: int, outer: int) -> None:
    value = WAYS[way](pickle.dumps(Evil(), inner))
    data = pickle.dumps({"name": "x", "payload": value, "after": 1}, outer)
    assert outcome(scan(data)) == "flagged"


@pytest.mark.parametrize("way", WAYS)
def test_a_harmless_one_is_clean(way: str) -> None:
    data = pickle.dumps({"payload": WAYS[way](pickle.dumps({"a": [1, 2]}))})
    assert outcome(scan(data)) == "clean"


def test_numbers_are_no_pickles() -> None:
    rng = random.Random(1)
    data = pickle.dumps([rng.randbytes(1 << 16) for _ in range(16)])
    assert outcome(scan(data)) == "clean"


def test_there_are_at_most_a_hundred() -> None:
    data = pickle.dumps([pickle.dumps([number]) for number in range(300)])
    assert len(list(embedded_pickles(BytesSource(data), 0, len(data)))) == 100
