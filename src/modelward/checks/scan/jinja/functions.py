"""The filters and methods that make constants of constants, for the names that they can spell.

https://jinja.palletsprojects.com/en/stable/templates/#list-of-builtin-filters
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from modelward.checks.scan.jinja.values import Constant, Table, percent, text


def _texts(whole: Constant) -> list[str]:
    match whole:
        case str() | tuple():
            return [text(piece) for piece in whole]
        case Table():
            return [text(piece) for piece in whole.keys]
    raise TypeError


def _backwards(whole: Constant) -> Constant:
    if isinstance(whole, str | tuple):
        return whole[::-1]
    raise TypeError


def _at(place: int) -> Callable[[Constant], Constant]:
    return lambda whole: _list(whole)[place]


def _list(whole: Constant) -> tuple[Constant, ...]:
    match whole:
        case str():
            return tuple(whole)
        case tuple():
            return whole
        case Table():
            return whole.keys
    raise TypeError


def _pairs(whole: Constant) -> Constant:
    if isinstance(whole, Table):
        return tuple(zip(whole.keys, whole.values, strict=True))
    raise TypeError


def _of_text(method: Callable[..., str]) -> Callable[..., Constant]:
    return lambda whole, *more: method(text(whole), *map(text, more))


def _split(whole: Constant, mark: Constant = None) -> Constant:
    return tuple(text(whole).split(None if mark is None else text(mark)))


def _fill(form: Constant, *values: Constant) -> Constant:
    """str.format with fields that are empty or a number."""
    count = iter(range(len(values)))
    return re.sub(r"\{(\d*)\}", lambda found: text(values[int(found[1] or next(count))]), text(form))


FILTERS: Mapping[str, Callable[..., Constant]] = {
    "join": lambda whole, mark="": text(mark).join(_texts(whole)),
    "format": lambda form, *values: percent(text(form), values),
    "replace": lambda whole, old, new, *_: text(whole).replace(text(old), text(new)),
    "reverse": _backwards,
    "first": _at(0),
    "last": _at(-1),
    "list": lambda whole: _list(whole),
    "items": _pairs,
    "default": lambda whole, *_: whole,
    "string": lambda whole: text(whole),
    "lower": _of_text(str.lower),
    "upper": _of_text(str.upper),
    "title": _of_text(str.title),
    "capitalize": _of_text(str.capitalize),
    "trim": _of_text(str.strip),
    **dict.fromkeys(("safe", "escape", "e", "forceescape"), lambda whole: whole),
}
METHODS: Mapping[str, Callable[..., Constant]] = {
    "join": lambda mark, whole: text(mark).join(_texts(whole)),
    "replace": FILTERS["replace"],
    "format": _fill,
    "split": _split,
    "keys": lambda whole: _list(whole),
    "items": _pairs,
    "values": lambda whole: tuple(value for _, value in _items(whole)),
    "lower": FILTERS["lower"],
    "upper": FILTERS["upper"],
    "title": FILTERS["title"],
    "casefold": FILTERS["lower"],
    "swapcase": _of_text(str.swapcase),
    "capitalize": FILTERS["capitalize"],
    "strip": FILTERS["trim"],
    "lstrip": _of_text(str.lstrip),
    "rstrip": _of_text(str.rstrip),
    "removeprefix": _of_text(str.removeprefix),
    "removesuffix": _of_text(str.removesuffix),
    "copy": lambda whole: whole,
}


def _items(whole: Constant) -> Iterable[tuple[Constant, Constant]]:
    if isinstance(whole, Table):
        return zip(whole.keys, whole.values, strict=True)
    raise TypeError
