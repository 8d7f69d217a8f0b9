"""What the dotted names do that configurations and sources write out: judged by the table of callables."""

from __future__ import annotations

from functools import lru_cache

from modelward.checks.scan.pickle.callables import find, is_stdlib
from modelward.checks.scan.pickle.judge import danger_of
from modelward.formats.pickle.values import Global

_MOST_PARTS = 32
_REMEMBERED = 4_096
_PYTHON2 = {"__builtin__": "builtins", "__builtins__": "builtins"}


@lru_cache(_REMEMBERED)
def danger(name: str) -> str:
    """What calling *name* is known to do, however it is cut into module and attributes, and through whatever
    module it is reached (package.module.os.system); empty: nothing is known. A name without a dot is a builtin."""
    parts = name.split(".")[:_MOST_PARTS]
    parts[0] = _PYTHON2.get(parts[0], parts[0])
    if len(parts) == 1:
        parts = ["builtins", *parts]
    for start in range(len(parts) - 1):
        if start == 0 or is_stdlib(parts[start]):
            found = danger_of(Global(parts[start], ".".join(parts[start + 1 :]), False))
            if found:
                return found
    if any(len(part) > 4 and part.startswith("__") and part.endswith("__") for part in parts[1:]):
        return "reaches the inside of an object"
    return ""


@lru_cache(_REMEMBERED)
def is_unlisted_stdlib(name: str) -> bool:
    """In the standard library, and on no list of harmless names."""
    parts = name.split(".")[:_MOST_PARTS]
    if len(parts) == 1:
        parts = ["builtins", *parts]
    if not is_stdlib(parts[0]):
        return False
    entries = (find(Global(".".join(parts[:cut]), ".".join(parts[cut:]), False)) for cut in range(1, len(parts)))
    return not any(e and (e.safe or e.conditions or e.is_type or e.reference) for e in entries)
