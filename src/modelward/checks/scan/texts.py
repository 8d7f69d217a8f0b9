"""Plain texts: what kind of text one is shows in a sign that no text of that kind can do without.

A new kind is one line of KINDS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modelward.checks.scan.here import Examiner, Here, Said
from modelward.core.artifact import Source


@dataclass(frozen=True, slots=True)
class Kind:
    sign: re.Pattern[bytes]
    """Matches at most _OVERLAP bytes; a text in which it is found nowhere has nothing for *examine*."""
    examine: Examiner


def _json(source: Source, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.documents import examine_json

    return examine_json(source, here)


KINDS: tuple[Kind, ...] = (
    # What is no strict JSON may be JSON to Python: NaN, repeated keys, any depth
    Kind(re.compile(rb"\A(?:\xef\xbb\xbf)?\s{0,100}[\[{]"), _json),
)

_WINDOW = 1 << 18
_OVERLAP = 1 << 10


def examine_text(source: Source, here: Here) -> Iterator[Said]:
    """Everything that the kinds whose sign is there say of the text."""
    for kind in _signs_in(source):
        yield from kind.examine(source, here)


def _signs_in(source: Source) -> list[Kind]:
    found: set[Kind] = set()
    at = 0
    while window := source.read(at, _WINDOW + _OVERLAP):
        found.update(kind for kind in KINDS if kind not in found and kind.sign.search(window) and _first(kind, at))
        at += _WINDOW
    return [kind for kind in KINDS if kind in found]


def _first(kind: Kind, at: int) -> bool:
    """A sign of the beginning counts there alone."""
    return at == 0 or not kind.sign.pattern.startswith(rb"\A")
