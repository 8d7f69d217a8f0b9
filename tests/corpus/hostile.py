"""Hostile pickles, assembled by code and never stored: for each a link, and what loads it.

Their payload leaves an empty file in the current directory. test_hostile_runs.py loads those that
need nothing but Python, numpy and joblib, and shows that they fire.
"""

from __future__ import annotations

from functools import cache

from tests.corpus.abuse import abuse
from tests.corpus.advisories import advisories
from tests.corpus.files import files
from tests.corpus.opcodes import Sample
from tests.corpus.tricks import tricks


@cache
def samples() -> list[Sample]:
    return [*advisories(), *tricks(), *abuse(), *files()]
