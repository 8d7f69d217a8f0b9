"""A short run of the fuzzer: every reader has seeds, and keeps the laws under a few mutations."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator

import pytest
from tools import fuzz

from modelward.checks.scan.examiners import EXAMINERS

TARGETS = fuzz.targets()


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, fuzz.on_alarm)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("reader", EXAMINERS)
def test_reader_keeps_the_laws(reader: str) -> None:
    assert TARGETS[reader], "no seed reaches this reader"
    assert fuzz.run(reader, TARGETS[reader], random.Random(reader), rounds=200) == []
