"""Files of every format: ordinary ones are clean, hostile ones flagged, damaged ones never cleaner."""

from __future__ import annotations

import random

import pytest
from tests.conformance.cases import outcome, scan
from tests.corpus.every_format import hostile, ordinary

from modelward.core.finding import Severity

LARGEST = 8_000
"""Larger files are damaged at a few places only."""
PLACES = 12


@pytest.mark.parametrize(("kind", "name"), ordinary())
def test_ordinary(kind: str, name: str) -> None:
    found = scan(ordinary()[kind, name])
    assert [finding for finding in found.findings if finding.severity >= Severity.MEDIUM] == []
    assert found.unexamined == ()


@pytest.mark.parametrize(("kind", "name"), hostile())
def test_hostile(kind: str, name: str) -> None:
    assert outcome(scan(hostile()[kind, name])) == "flagged"


def places(size: int, name: str) -> list[int]:
    return list(range(size)) if size <= PLACES else sorted(random.Random(name).sample(range(size), PLACES))


@pytest.mark.parametrize(("kind", "name"), hostile())
def test_damage_is_judged_too(kind: str, name: str) -> None:
    """Nothing but a result comes out, whatever was cut or changed."""
    data = hostile()[kind, name]
    for at in places(len(data), name):
        scan(data[:at])
        scan(data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :])
        scan(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])
