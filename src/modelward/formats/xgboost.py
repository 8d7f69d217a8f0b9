"""XGBoost's trees: lists of the numbers of nodes, each as long as its tree has nodes.

https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html. How long the lists are is checked
when a model is loaded, what stands in them is not:
https://github.com/dmlc/xgboost/blob/master/src/tree/tree_model.cc (LoadModelImpl, LoadModel)
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from modelward.core.artifact import Source

_WINDOW = 1 << 18
_OVERLAP = 1 << 8
_CHUNK = 1 << 19
_MOST = 100
_LONGEST_NUMBER = 20
_ROOT = (-1, (1 << 31) - 1)
"""What stands for the parent of the root."""
INTEGERS = {"U": "B", "i": "b", "I": "h", "l": "i", "L": "q"}


def _spelled(word: str) -> bytes:
    """In a JSON string any letter may be written as an escape."""
    return b"".join(rb"(?:%c|\\u00(?i:%02x))" % (letter, letter) for letter in word.encode())


LISTS = ("left_children", "right_children", "parents")
_KEY = re.compile(b'"(?:%s)"' % b"|".join(b"(%s)" % _spelled(name) for name in LISTS) + rb"\s{0,99}:\s{0,99}\[")
_SIGN = re.compile(b'"%s"' % _spelled("gradient_booster"))
_NUMBERS = re.compile(rb"[-0-9,\s]*+")


@dataclass(frozen=True, slots=True)
class Stray:
    """A node in the list *name*, which begins at *at*, that the tree of so many *nodes* does not have."""

    name: str
    at: int
    node: int
    nodes: int


def strays_in_json(source: Source) -> list[Stray]:
    """One for each list that has any, if the document can be a model of XGBoost."""
    found: list[Stray] = []
    is_model, at = False, 0
    while window := source.read(at, _WINDOW + _OVERLAP):
        is_escaped = b"\\u00" in window
        is_model = is_model or ((is_escaped or b"gradient_booster" in window) and _SIGN.search(window) is not None)
        if is_escaped or b"_children" in window or b"parents" in window:
            for key in _KEY.finditer(window):
                if key.start() < _WINDOW and len(found) < _MOST and key.lastindex:
                    name, start = LISTS[key.lastindex - 1], at + key.end()
                    found += _judged(name, start, _written(source, start))
        at += _WINDOW
    return found if is_model else []


def strays_in_ubjson(source: Source, name: str, start: int, size: int, kind: str) -> list[Stray]:
    """Of the list *name*, whose *size* bytes are numbers of the type *kind*, one of INTEGERS."""
    numbers = f">{INTEGERS[kind]}"
    pieces = (source.read(at, min(_CHUNK, start + size - at)) for at in range(start, start + size, _CHUNK))
    return _judged(name, start, ([number for (number,) in struct.iter_unpack(numbers, piece)] for piece in pieces))


def _judged(name: str, start: int, pieces: Iterable[list[int]]) -> list[Stray]:
    nodes, least, most = 0, 0, 0
    for piece in pieces:
        if name == "parents" and nodes == 0 and piece[:1] and piece[0] in _ROOT:
            piece[0] = 0
        nodes += len(piece)
        least, most = min(least, *piece, 0), max(most, *piece, 0)
    strays = [node for node in (least, most) if not -1 <= node < max(nodes, 1)]
    return [Stray(name, start, strays[-1], nodes)] if strays else []


def _written(source: Source, at: int) -> Iterator[list[int]]:
    """The numbers from *at* to the end of the list. Others than integers are an error to XGBoost."""
    rest = b""
    while text := source.read(at, _CHUNK):
        at += len(text)
        run = _NUMBERS.match(rest + text)
        numbers = run[0] if run else b""
        is_last = len(numbers) < len(rest + text)
        pieces = numbers.split(b",")
        rest = b"" if is_last else pieces.pop()
        if any(len(piece) > _LONGEST_NUMBER for piece in pieces):
            pieces = [piece.strip()[:_LONGEST_NUMBER] for piece in pieces]
        try:
            yield [int(piece) for piece in pieces if piece.strip()]
        except ValueError:
            return
        if is_last or len(rest) > _CHUNK:
            return
