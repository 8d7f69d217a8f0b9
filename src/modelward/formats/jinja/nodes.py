"""What a Jinja template consists of: expressions, and which names stand for what.

A template is a flat list of expressions and bindings: which branch is taken, and how often, does not
matter to somebody who asks what it can reach. Chains and operations are flat too, so that only
brackets make a tree deeper.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    value: str | int | float | bool | None
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A list, a tuple, or a dictionary, whose *items* are key, value, key, value."""

    kind: str
    """ "[", "(" or "{"."""
    items: tuple[Expr, ...]
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """Operands of one precedence; *signs* stand between them, or before the only one."""

    signs: tuple[str, ...]
    items: tuple[Expr, ...]
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """a if b else c: *options* are a and c, *tests* is b; a chain of them is one Choice."""

    options: tuple[Expr, ...]
    tests: tuple[Expr, ...]
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    bounds: tuple[Expr | None, Expr | None, Expr | None]
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """What is done to *base*, one step after the other: base.a["b"](c)|d."""

    base: Expr
    steps: tuple[Step, ...]
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    name: str
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    key: Expr
    at: int


Arguments: TypeAlias = "tuple[tuple[str, Expr], ...]"
"""Each with its name; "" is positional, "*" and "**" are unpacked."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    arguments: Arguments
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    name: str
    arguments: Arguments
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    name: str
    arguments: Arguments
    at: int


Expr: TypeAlias = "Const | Name | Group | Operation | Choice | Slice | Chain"
Step: TypeAlias = "Attribute | Item | Call | Filter | Test"


@dataclass(frozen=True, slots=True)
class Binding:
    target: Expr
    """A name, an attribute of a namespace, or a tuple of them."""
    value: Expr
    each: bool = False
    """The target gets the elements of the value, one after the other."""


@dataclass(frozen=True, slots=True)
class Macro:
    name: str
    parameters: tuple[str, ...]
    body: Expr
    """What it puts out: all its pieces, joined."""


@dataclass(frozen=True, slots=True)
class Load:
    """Another template that is read: by include, import, from or extends."""

    tag: str
    what: Expr
    at: int


@dataclass(slots=True)
class Template:
    expressions: list[Expr] = field(default_factory=list)
    """Every outermost expression, in order; all others are within them."""
    bindings: list[Binding] = field(default_factory=list)
    macros: list[Macro] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    data: list[Const] = field(default_factory=list)
    """The text between the expressions."""
