"""What an expression may be worth: texts, names of other modules, dictionaries, paths."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from modelward.checks.pins.audit.scopes import Scope


@dataclass(frozen=True, slots=True)
class Known:
    """A constant."""

    value: str | bytes | float | complex | bool | None


@dataclass(frozen=True, slots=True)
class Text:
    """Something that is not known; of a text perhaps how it starts."""

    start: str = ""


@dataclass(frozen=True, slots=True)
class Local:
    """A path on this machine."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Something of another module, by its dotted name; what a call of it gives ends with ()."""

    path: str


@dataclass(frozen=True, slots=True)
class Own:
    """A class of this module, or an object of it."""

    scope: Scope


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary; with unknown items as well, unless it is whole."""

    items: tuple[tuple[object, tuple[Value, ...]], ...]
    is_whole: bool = True
    nodes: frozenset[int] = frozenset()
    """By id: the expressions that it was made of."""

    def get(self, key: object) -> tuple[Value, ...]:
        """Empty: it is not in there."""
        found = tuple(value for name, values in self.items if name == key for value in values)
        return found if self.is_whole else (*found, Text())


@dataclass(frozen=True, slots=True)
class Several:
    """The items of a list, a tuple or a set."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Partial:
    """What functools.partial made of a callable."""

    of: Value
    call: ast.Call
    scope: Scope


Value = Known | Text | Local | Ref | Own | Table | Several | Partial
Values = tuple[Value, ...]

UNKNOWN: Values = (Text(),)


def key_of(key: object) -> Value:
    return Known(key) if isinstance(key, (str, int)) else Text()


def keys_of(table: Table) -> Several:
    return Several((*(key_of(key) for key, _ in table.items), *(() if table.is_whole else UNKNOWN)))


def items_of(value: Value) -> Iterator[Value]:
    """Whichever item of it is meant; of a dictionary that is subscripted, the values."""
    match value:
        case Several():
            yield from value.items or UNKNOWN
        case Table():
            yield from (one for _, values in value.items for one in values)
            if not value.is_whole:
                yield Text()
        case Ref():
            yield Ref(f"{value.path}[]")
        case _:
            yield Text()
