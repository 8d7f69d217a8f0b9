"""Which code a configuration names, for loaders to import.

Hugging Face's loaders read JSON with Python's json module, which takes more than RFC 8259 allows
(NaN, any depth, repeated keys). So this asks for the words first, and reads what holds them the
same way; what then cannot be read is said to be a problem, never passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.core.canonical import escape_bytes

_KEYS = frozenset({"auto_map", "custom_pipelines", "custom_pipeline"})
_LARGEST = 1 << 20
_MOST = 100
_LONGEST = 500
_WINDOW = 1 << 18

_WORDS = (b"auto_map", b"custom_pipeline")
# In a JSON string any letter may be written as an escape
_ESCAPED_WORDS = re.compile(
    "|".join("".join(rf"(?:{chr(c)}|\\u00(?i:{c:02x}))" for c in word) for word in _WORDS).encode()
)
_OVERLAP = 6 * max(map(len, _WORDS))


@dataclass(frozen=True, slots=True)
class Naming:
    """What a configuration names as code: texts like "modeling_x.XModel", or
    "org/repository--modeling_x.XModel" for code of another repository. *problem* says why
    there may be more of it."""

    names: tuple[str, ...] = ()
    problem: str = ""

    def paths(self, where: str) -> list[str]:
        """The escaped paths of the code, as the configuration at the path *where* means them."""
        folder = where.rpartition("/")[0]
        found = []
        for name in self.names:
            module = name.rpartition(".")[0]
            if "--" in module:
                found.append(module)
            elif module:
                path = module.replace(".", "/") + ".py"
                found.append(f"{folder}/{path}" if folder else path)
        return list(dict.fromkeys(found))


TOO_MANY = Naming(problem="more configurations that name code than the limit; this one was not read")


def code_named_in(source: Source) -> Naming | None:
    """*source* is JSON, or something that a loader takes for it. None: it names no code."""
    if not _mentions_code(source):
        return None
    if source.size > _LARGEST:
        return Naming(problem=f"it can name code, and with more than {_LARGEST:,} bytes is too large to tell which")
    try:
        # the digits of an integer do not matter, and Python refuses more than 4,300 of them
        body = json.loads(source.read(0, source.size), object_pairs_hook=_Pairs, parse_int=len)
    except (ValueError, RecursionError):
        return Naming(problem="it can name code, and is no JSON that can be read here")
    names = tuple(dict.fromkeys(_texts(body)))
    if len(names) > _MOST or any(len(name) > _LONGEST for name in names):
        return Naming(problem=f"it names more code than any model needs: {len(names):,} names")
    escaped = tuple(escape_bytes(name.encode("utf-8", "surrogatepass")) for name in names)
    return Naming(escaped) if names else None


class _Pairs(list[tuple[str, object]]):
    """A JSON object with all its keys: of a repeated one, readers choose differently."""

    __slots__ = ()


def _mentions_code(source: Source) -> bool:
    at = 0
    while window := source.read(at, _WINDOW + _OVERLAP):
        if any(word in window for word in _WORDS) or (b"\\u00" in window and _ESCAPED_WORDS.search(window)):
            return True
        at += _WINDOW
    return False


def _texts(body: object) -> Iterator[str]:
    """Texts below a key that names code, at any depth."""
    todo = [(body, False)]
    while todo:
        value, named = todo.pop()
        if isinstance(value, _Pairs):
            todo += [(item, named or key in _KEYS) for key, item in value]
        elif isinstance(value, list):
            todo += [(item, named) for item in value]
        elif named and isinstance(value, str):
            yield value
