"""JSON as Python's json module reads it, which is what the loaders of models use: NaN, any white
space and repeated keys pass. Every key of an object is kept, since readers choose differently."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

LARGEST = 4 << 20
"""A text of more bytes is not parsed: its values would take more memory than there is."""

_MOST_VALUES = 1_000_000
_DEEPEST = 200  # Python's own limit differs by version
_LONGEST_PATH = 1_000
_SPACE = " \t\r\n"
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|([\[{])|([\]}])', re.DOTALL)


class Object(list[tuple[str, Any]]):
    """A JSON object: its keys with their values, repeated ones too."""

    __slots__ = ()

    def all(self, key: str) -> list[Value]:
        """The values that stand under *key*."""
        return [value for name, value in self if name == key]

    def get(self, key: str) -> Value:
        """The last value under *key*, as json.loads would have it, or None."""
        return next((value for name, value in reversed(self) if name == key), None)

    def keys(self) -> set[str]:
        return {name for name, _ in self}


Value: TypeAlias = "Object | list[Any] | str | float | bool | None"
"""Numbers come as float; an integer with more digits than a float has is rounded."""


class NotJson(ValueError):
    """The text says why."""


class Followed(NotJson):
    """A whole document, and something behind it: strict readers refuse it, others read on or stop there."""

    def __init__(self, body: Value) -> None:
        super().__init__("something follows the document")
        self.body = body


def parse(raw: bytes) -> Value:
    """*raw* is UTF-8 (a mark at its beginning is passed), UTF-16 or UTF-32, as json.loads guesses.
    Raises NotJson, and Followed with what could be read."""
    if len(raw) > LARGEST or sum(map(raw.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise NotJson(f"more than the {LARGEST:,} bytes or {_MOST_VALUES:,} values that are parsed")
    try:
        text = raw.decode(json.detect_encoding(raw), "surrogatepass")
        if _depth(text) > _DEEPEST:
            raise NotJson(f"nested deeper than {_DEEPEST} levels")
        start = len(text) - len(text.lstrip(_SPACE))
        value: Value
        value, end = json.JSONDecoder(object_pairs_hook=Object, parse_int=_number).raw_decode(text, start)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NotJson("not JSON") from error
    if text[end:].strip(_SPACE):
        raise Followed(value)
    return value


def _depth(text: str) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.finditer(text):
        if bracket[1]:
            depth += 1
            deepest = max(deepest, depth)
        elif bracket[2]:
            depth -= 1
    return deepest


def _number(digits: str) -> float:
    return float(digits[:400])  # Python refuses to make an int of more than 4,300 digits


def objects(value: Value, path: str = "$") -> Iterator[tuple[str, Object]]:
    """Every object in *value* with its path ("$.a[0].b"), outer ones first."""
    for where, item in values(value, path):
        if isinstance(item, Object):
            yield where, item


def values(value: Value, path: str = "$") -> Iterator[tuple[str, Value]]:
    """Every value in *value*, itself first, with its path."""
    yield path, value
    open_ones = [_inside(value, path)]
    while open_ones:
        found = next(open_ones[-1], None)
        if found is None:
            open_ones.pop()
            continue
        yield found
        if isinstance(found[1], list):
            open_ones.append(_inside(found[1], found[0]))


def _inside(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Object):
        for key, item in value:
            yield f"{path}.{key}"[:_LONGEST_PATH], item
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{path}[{index}]"[:_LONGEST_PATH], item
