"""How severe others say that something is: in words, in CVSS scores and in CVSS 3 vectors.

Scores and their bands: https://www.first.org/cvss/v3.1/specification-document (5 and 7.1). What is not read
here is None, never a guess.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal

from modelward.core.finding import Severity

_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "error": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "low": Severity.LOW,
    "minor": Severity.LOW,
    "negligible": Severity.LOW,
    "note": Severity.LOW,
    "info": Severity.INFO,
    "informational": Severity.INFO,
    "debug": Severity.INFO,
    "none": Severity.INFO,
}
_BANDS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
_NUMBER = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,9})?", re.ASCII)
_SCALES = ("cvss", "nvd")
"""A number means a severity on the scale of CVSS alone: by EPSS 0.9 is a probability."""

_TEMPORAL = frozenset({"E", "RL", "RC"})
"""They can only lower the base score, and are left aside."""
_WEIGHTS = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}


def worst(ratings: Iterable[Severity | None]) -> Severity | None:
    """The gravest of those that could be read; None if none could."""
    return max((rating for rating in ratings if rating is not None), default=None)


def rate(value: object, method: str = "") -> Severity | None:
    """*value* by *method*: a word by any, a number by CVSS alone."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    if value.startswith("CVSS:3."):
        score = cvss3(value)
        return None if score is None else _band(score)
    if _NUMBER.fullmatch(value):
        score = float(value)
        return _band(score) if score <= 10 and any(scale in method.lower() for scale in _SCALES) else None
    return _WORDS.get(value.strip().lower())


def cvss3(vector: str) -> float | None:
    """The base score of a CVSS 3.0 or 3.1 vector; None for what is none, or raised by environmental metrics."""
    version, *parts = vector.split("/")
    metrics = dict(part.split(":", 1) for part in parts if ":" in part)
    privileges = _PRIVILEGES.get(metrics.get("S", ""))
    if version not in ("CVSS:3.0", "CVSS:3.1") or len(metrics) != len(parts) or privileges is None:
        return None
    more = metrics.keys() - _WEIGHTS.keys() - _TEMPORAL - {"S", "PR"}
    if any(metrics[name] != "X" for name in more):
        return None
    try:
        weight = {name: values[metrics[name]] for name, values in _WEIGHTS.items()}
        exploitability = 8.22 * weight["AV"] * weight["AC"] * privileges[metrics["PR"]] * weight["UI"]
    except KeyError:
        return None
    changed = metrics["S"] == "C"
    lost = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 7.52 * (lost - 0.029) - 3.25 * math.pow(lost - 0.02, 15) if changed else 6.42 * lost
    if impact <= 0:
        return 0.0
    score = min((1.08 if changed else 1.0) * (impact + exploitability), 10.0)
    # appendix A: up to one decimal, by integers, so that no binary fraction adds a tenth
    return float(Decimal(round(score * 100_000)).scaleb(-5).quantize(Decimal("0.1"), ROUND_CEILING))


def _band(score: float) -> Severity:
    return next((severity for least, severity in _BANDS if score >= least), Severity.INFO)
