"""JSON documents: what kind of document one is shows in the words that it uses as keys.

A new kind is one line of KINDS. A document is parsed only if it has a word of some kind: the
megabytes of a vocabulary never become objects here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.formats.json_tree import LARGEST, NotJson, Value, parse

Judge = Callable[[Value, Here], Iterator[Said]]


@dataclass(frozen=True, slots=True)
class Kind:
    words: tuple[str, ...]
    """Keys; a document without any of them has nothing for *judge*."""
    judge: Judge


KINDS: tuple[Kind, ...] = ()

_WINDOW = 1 << 18


def examine_json(source: Source, here: Here) -> Iterator[Said]:
    """Everything that the kinds say of the document. A text that a lenient reader takes for JSON may
    be given too."""
    kinds = [kind for kind in KINDS if _mentions(source, kind.words)]
    if not kinds:
        return
    if source.size > LARGEST:
        yield here.unexamined(f"a document that can name code, with more than the {LARGEST:,} bytes that are parsed")
        return
    try:
        body = parse(source.read(0, source.size))
    except NotJson as error:
        yield here.unexamined(f"a document that can name code: {error}")
        return
    for kind in kinds:
        yield from kind.judge(body, here)


def _mentions(source: Source, words: tuple[str, ...]) -> bool:
    """Whether one of *words* stands there as a key; in a JSON string any letter may be an escape."""
    plain = re.compile("|".join(rf'"{re.escape(word)}"\s*:' for word in words).encode())
    letters = ("".join(rf"(?:{re.escape(c)}|\\u00(?i:{ord(c):02x}))" for c in word) for word in words)
    escaped = re.compile("|".join(letters).encode())
    overlap = 6 * max(map(len, words)) + 100
    at = 0
    while window := source.read(at, _WINDOW + overlap):
        if plain.search(window) or (b"\\u00" in window and escaped.search(window)):
            return True
        at += _WINDOW
    return False
