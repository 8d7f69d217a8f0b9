"""The files that an index of shards names: {"metadata": …, "weight_map": {tensor: file}}.

https://huggingface.co/docs/transformers/big_models

The index of a large model has more megabytes than a JSON parser may be given, so its texts are
picked from it as they pass: every one behind "weight_map" that is no key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from modelward.checks.scan.trees.notes import Shards
from modelward.core.artifact import Source
from modelward.core.canonical import escape_bytes
from modelward.formats.json_tree import LARGEST, NotJson, objects, parse, values

_WINDOW = 1 << 18
_LONGEST = 1 << 16
_MOST = 10_000
_NO_NAMES = "an index of shards with texts that are too long, or too many, to be names of files"
_WORD = re.compile(rb'"(?:w|\\u0077)(?:e|\\u0065)(?:i|\\u0069)ght(?:_|\\u005[fF])map"')
_TEXT = re.compile(rb'"((?:[^"\\]|\\.)*+)"(?:\s*([:,}\]]))', re.DOTALL)


def shards_named_in(source: Source) -> Shards:
    """Empty if *source* is no index."""
    start = _weight_map(source)
    if start is None:
        return Shards()
    if source.size <= LARGEST:
        return _parsed(source.read(0, source.size))
    found: set[bytes] = set()
    for text in _values(source, start):
        if text is None or len(found) == _MOST:
            return Shards(problem=_NO_NAMES)
        found.add(text)
    return _shards(map(_decoded, found))


def _parsed(raw: bytes) -> Shards:
    try:
        maps = [inner for _, item in objects(parse(raw)) for inner in item.all("weight_map")]
    except NotJson:
        return Shards(problem="it can name shards, and is no JSON that can be read here")
    found = {text for inner in maps for _, text in values(inner) if isinstance(text, str)}
    if len(found) > _MOST or any(len(text) > _LONGEST for text in found):
        return Shards(problem=_NO_NAMES)
    return _shards(text.encode("utf-8", "surrogatepass") for text in found)


def _shards(names: Iterable[bytes]) -> Shards:
    return Shards(tuple(sorted({escape_bytes(name) for name in names})))


def _values(source: Source, at: int) -> Iterator[bytes | None]:
    """The texts that are no keys, as they stand there. None: one that is too long."""
    rest = b""
    while window := source.read(at, _WINDOW):
        at += len(window)
        rest += window
        end = 0
        for text in _TEXT.finditer(rest):
            end = text.end()
            if text[2] != b":":
                yield text[1]
        rest = rest[end:].lstrip()
        if len(rest) > _LONGEST:
            yield None
            return


def _weight_map(source: Source) -> int | None:
    """Where what it holds begins."""
    at = 0
    while window := source.read(at, _WINDOW + 100):
        if word := _WORD.search(window):
            return at + word.end()
        at += _WINDOW
    return None


def _decoded(text: bytes) -> bytes:
    try:
        value = json.loads(b'"' + text + b'"', strict=False)
    except ValueError:
        return text
    return str(value).encode("utf-8", "surrogatepass")
