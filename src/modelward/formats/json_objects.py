"""The objects of a JSON document of any size, each when it ends, with the members that are asked for.

For documents that are too large for json_tree.parse: memory is bounded by the depth. Lenient: what
any parser of JSON takes is read, and more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken

_WINDOW = 1 << 18
_BEYOND = 1 << 12
_LONGEST = 64 << 20  # of one text, of which only the beginning is kept
_KEPT = 4_096
_MOST = 1 << 20
_DEEPEST = 100_000
_LEVELS = 5
# A value, with the key that it stands under; or what closes an object or a list. (?!): python/cpython#100061
_TOKEN = re.compile(
    rb'[\s,]*+(?:"((?:[^"\\]++|\\.)*+)"\s*+:\s*+|(?!))?+'
    rb'(?:"((?:[^"\\]++|\\.)*+)"|([\[{])|([\]}])|([^\s"\[\]{}:,]++))',
    re.DOTALL,
)
_TEXT, _OPENING, _CLOSING, _SCALAR = 2, 3, 4, 5
_MARKS = (b"\xff\xfe", b"\xfe\xff")


Members = dict[str, Any]
"""Texts, floats and None, and Members of their own. A list is given as None."""


@dataclass(slots=True)
class Seen:
    """An object that has just ended, with those members whose key was asked for. Texts are cut, and what
    is nested deeper than five levels is left out."""

    members: Members
    """Of a repeated key the last, as json.loads has it."""
    is_repeated: bool
    """One of the keys that were asked for came twice."""
    start: int
    end: int
    path: list[str]
    """The keys that lead to it, "[]" in a list. It changes when the next object is taken."""


def objects(source: Source, keys: frozenset[str]) -> Iterator[Seen]:
    """Inner objects come before the outer ones. Raises Broken where the text is no JSON in UTF-8."""
    head = source.read(0, 4)
    if head[:2] in _MARKS or b"\0" in head:
        raise Broken("a document that is not in UTF-8", 0)
    at, known = 3 * head.startswith(b"\xef\xbb\xbf"), _Known(keys)
    outer: list[Seen | None] = []  # None: a list
    seen: Seen | None = None
    path: list[str] = []
    for token, base in _tokens(source, at):
        kind, at = token.lastindex, base + token.end()
        if kind == _OPENING:
            if len(path) > _DEEPEST:
                raise Broken(f"nested deeper than {_DEEPEST} levels", at)
            path.append(known[token[1]])
            outer.append(seen)
            seen = Seen({}, False, at - 1, at, path) if token[_OPENING] == b"{" else None
        elif kind == _CLOSING:
            if not path or (seen is None) is not (token[_CLOSING] == b"]"):
                raise Broken("brackets that do not match", at)
            inner, seen = seen, outer.pop()
            if inner is not None:
                inner.end = at
                yield inner
            if seen is not None and path[-1] in keys:
                _put(seen, path[-1], None if inner is None else _shallow(inner.members, _LEVELS))
            path.pop()
        elif seen is not None and (key := known[token[1]]) in keys:
            _put(seen, key, _text(token[_TEXT]) if kind == _TEXT else _scalar(token[_SCALAR]))
    if path or source.read(at, _WINDOW).strip():
        raise Broken("the document ends too early", at, cut_short=True)


def _put(seen: Seen, key: str, value: Any) -> None:
    seen.is_repeated = seen.is_repeated or key in seen.members
    seen.members[key] = value


def texts(source: Source, keys: frozenset[str]) -> Iterator[tuple[str, str, int, int]]:
    """Every text that stands under one of *keys*, or in a list there: key, text, where it begins and ends.
    Raises Broken where the text is no JSON in UTF-8."""
    head = source.read(0, 4)
    if head[:2] in _MARKS or b"\0" in head:
        raise Broken("a document that is not in UTF-8", 0)
    at, known, path = 3 * head.startswith(b"\xef\xbb\xbf"), _Known(keys), list[str]()
    for token, base in _tokens(source, at):
        kind, at = token.lastindex, base + token.end()
        if kind == _OPENING:
            inherited = path[-1] if path and token[1] is None else ""
            path.append(inherited if token[1] is None else known[token[1]])
            if len(path) > _DEEPEST:
                raise Broken(f"nested deeper than {_DEEPEST} levels", at)
        elif kind == _CLOSING:
            if not path:
                raise Broken("brackets that do not match", at)
            path.pop()
        elif kind == _TEXT:
            key = known[token[1]] if token[1] is not None else path[-1] if path else ""
            if key in keys:
                if token.end(_TEXT) - token.start(_TEXT) > _MOST:
                    raise Broken(f"a text of more than {_MOST:,} bytes under {key}", at)
                yield key, _text(token[_TEXT], _MOST), base + token.start(_TEXT), at
    if path or source.read(at, _WINDOW).strip():
        raise Broken("the document ends too early", at, cut_short=True)


class _Known(dict[bytes | None, str]):
    """Keys as texts; the few that occur again and again are decoded once."""

    def __init__(self, keys: frozenset[str]) -> None:
        super().__init__({key.encode(): key for key in keys})
        self[None] = "[]"

    def __missing__(self, raw: bytes | None) -> str:
        return _text(raw or b"")


def _tokens(source: Source, at: int) -> Iterator[tuple[re.Match[bytes], int]]:
    """Matches of _TOKEN, one behind the other, and where the window that each is in begins."""
    size = _WINDOW
    while window := source.read(at, size):
        base, last = at, len(window) < size
        for token in _TOKEN.finditer(window):
            start, end = token.span()
            if base + start != at or (end > len(window) - _BEYOND and not last):
                break  # the rest of it, or the colon that makes it a key, may follow
            at = base + end
            yield token, base
        if last:
            return
        size = _WINDOW if at > base else 2 * size
        if size > _LONGEST:
            raise Broken("a text that is longer than the limit", at)


def _shallow(members: Members, levels: int) -> Members:
    if not levels:
        return {}
    return {key: _shallow(item, levels - 1) if type(item) is dict else item for key, item in members.items()}


def _text(raw: bytes, most: int = _KEPT) -> str:
    if b"\\" not in raw:
        return raw[:most].decode("utf-8", "backslashreplace")
    try:
        return str(json.loads(b'"' + raw[: 6 * most] + b'"', strict=False))[:most]
    except ValueError:
        return raw[:most].decode("utf-8", "backslashreplace")


def _scalar(raw: bytes | None) -> float | None:
    try:
        return float((raw or b"")[:400])
    except ValueError:
        return None
