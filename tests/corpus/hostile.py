"""Hostile pickles, assembled by code and never stored: for each a link, and what loads it.

Their payload leaves an empty file in the current directory. test_hostile_runs.py loads those that
need nothing but Python, numpy and joblib, and shows that they fire.
"""

from __future__ import annotations

from tests.corpus.abuse import ABUSE
from tests.corpus.advisories import ADVISORIES
from tests.corpus.files import FILES
from tests.corpus.opcodes import Sample
from tests.corpus.restored import RESTORED
from tests.corpus.tricks import TRICKS


def samples() -> list[Sample]:
    return [*ADVISORIES, *TRICKS, *ABUSE, *RESTORED, *FILES]
