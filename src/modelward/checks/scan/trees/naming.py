"""Which code a configuration names, for loaders to import.

Hugging Face's loaders read JSON with Python's json module, which takes more than RFC 8259 allows
(NaN, any depth, repeated keys). So this asks for the words first, and reads what holds them the
same way; what then cannot be read is said to be a problem, never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.trees.notes import Naming
from modelward.core.artifact import Source
from modelward.core.canonical import escape_bytes
from modelward.formats.json_tree import LARGEST, NotJson, Value, objects, parse, values

_KEYS = frozenset({"auto_map", "custom_pipelines", "custom_pipeline"})
_MOST = 100
_LONGEST = 500
_WINDOW = 1 << 18

_WORDS = (b"auto_map", b"custom_pipeline", b"_class_name", b"parent_library")
# A word of modules.json, and of every vocabulary: it says nothing about a document too large to parse
_COMMON_WORDS = (b"idx",)


def _spelled(words: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """In a JSON string any letter may be written as an escape."""
    return re.compile(b"|".join(b"".join(rb"(?:%c|\\u00(?i:%02x))" % (c, c) for c in word) for word in words))


_OVERLAP = 6 * max(map(len, _WORDS))


def code_named_in(source: Source) -> Naming | None:
    """*source* is JSON, or something that a loader takes for it. None: it names no code."""
    words = _WORDS if source.size > LARGEST else _WORDS + _COMMON_WORDS
    if not _mentions(source, words):
        return None
    if source.size > LARGEST:
        return Naming(problem=f"it can name code, and with more than {LARGEST:,} bytes is too large to tell which")
    try:
        body = parse(source.read(0, source.size))
    except NotJson:
        return Naming(problem="it can name code, and is no JSON that can be read here")
    names, perhaps = _escaped(_named(body)), _escaped(_components(body))
    if len(names) > _MOST or any(len(name) > _LONGEST for name in names):
        return Naming(problem=f"it names more code than any model needs: {len(names):,} names")
    return Naming(names, perhaps=perhaps[:_MOST]) if names or perhaps else None


def _escaped(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(escape_bytes(name.encode("utf-8", "surrogatepass")) for name in names))


def _mentions(source: Source, words: tuple[bytes, ...]) -> bool:
    escaped, at = _spelled(words), 0
    while window := source.read(at, _WINDOW + _OVERLAP):
        if any(word in window for word in words) or (b"\\u00" in window and escaped.search(window)):
            return True
        at += _WINDOW
    return False


def _named(body: Value) -> Iterator[str]:
    """Names of code that a loader looks for beside the configuration."""
    for _, item in objects(body):
        for key, inner in item:
            if key in _KEYS:
                yield from (text for _, text in values(inner) if isinstance(text, str))
            elif key == "_class_name" and isinstance(inner, list):  # diffusers: [module, class] of a pipeline
                yield ".".join(text for text in inner if isinstance(text, str))
        # sentence-transformers: modules.json. https://sbert.net/docs/sentence_transformer/usage/custom_models.html
        kind = item.get("type") if {"idx", "path", "type"} <= item.keys() else None
        if isinstance(kind, str) and not kind.startswith("sentence_transformers."):
            yield kind


def _components(body: Value) -> Iterator[str]:
    """Names that are those of an installed library, or of code beside the configuration."""
    for _, item in objects(body):
        is_pipeline = item.get("_class_name") is not None
        for key, inner in item:
            match inner:
                case [str() as module, str() as name] if is_pipeline:  # diffusers: a component
                    yield f"{key}/{module}.{name}"
                case str() if key == "parent_library":  # peft imports it
                    yield f"{inner}.py"
