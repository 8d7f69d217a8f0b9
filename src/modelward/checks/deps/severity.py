"""How bad an advisory says that its flaw is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from modelward.core.finding import Severity

_LONGEST = 400
_SCALE = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
"""https://www.first.org/cvss/v4-0/specification-document#Qualitative-Severity-Rating-Scale"""
_WORDS = {"moderate": Severity.MEDIUM} | {str(severity): severity for severity in Severity if severity > Severity.INFO}
"""https://docs.github.com/en/code-security/security-advisories: moderate is their word for medium"""


def rated(record: dict[str, Any]) -> tuple[Severity | None, str]:
    """The gravest rating among the CVSS vectors of version 3 and 4, and the vector; without any, of version 2; without
    any, the word that GitHub gives. None where nothing rates it, which is not low; a vector by which nothing at all can
    happen rates nothing, since nobody warns of that."""
    vectors = list(_vectors(record))
    for prefixes in (("CVSS:4", "CVSS:3"), ("",)):
        score, text = max(((_score(text), text) for text in vectors if text.startswith(prefixes)), default=(0.0, ""))
        for least, severity in _SCALE:
            if score >= least:
                return severity, text
    more = record.get("database_specific")
    word = more.get("severity") if isinstance(more, dict) else None
    if isinstance(word, str) and word.lower() in _WORDS:
        return _WORDS[word.lower()], word.lower()
    return None, ""


def _vectors(record: dict[str, Any]) -> Iterator[str]:
    """Of the record, and of the packages in it, which may have their own."""
    for holder in (record, *(record.get("affected") or ())):
        given = holder.get("severity") if isinstance(holder, dict) else None
        for each in given if isinstance(given, list) else ():
            text = each.get("score") if isinstance(each, dict) else None
            if isinstance(text, str) and len(text) <= _LONGEST:
                yield text


@lru_cache(1 << 12)
def _score(vector: str) -> float:
    """The base score; 0 for what is no vector."""
    from cvss import CVSS2, CVSS3, CVSS4
    from cvss.exceptions import CVSSError

    reader = {"CVSS:4": CVSS4, "CVSS:3": CVSS3}.get(vector[:6], CVSS2)
    try:
        return float(reader(vector).scores()[0])
    except (CVSSError, ArithmeticError):
        return 0.0
