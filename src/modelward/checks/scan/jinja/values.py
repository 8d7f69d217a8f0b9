"""What the expressions of a template can stand for: constants that are joined, cut and turned, as far
as they can be followed without rendering. Everything is bounded; what is not followed says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from itertools import product
from typing import TypeAlias

_MOST_OPTIONS = 16
_MOST_COMBINATIONS = 2 * _MOST_OPTIONS
_MOST_OPERANDS = 64
_LONGEST = 400
"""Characters of a text, leaves of a list: names are short."""
_MOST_BITS = 200


class Trait(IntFlag):
    NONE = 0
    GIVEN = 1
    """Comes from what the template is rendered with."""
    ENGINE = 2
    """An object of Jinja or of the program around it."""
    MADE = 4
    """Text that the template puts together, in a way that was not followed."""
    CHOSEN = 8
    """Taken by a key that is not written down."""
    WALKED = 16
    """The same, and the template put the key together."""
    MACRO = 32
    """A macro of the template, or a list of them."""


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary of constants."""

    keys: tuple[Constant, ...]
    values: tuple[Constant, ...]


Constant: TypeAlias = "str | int | float | bool | tuple[Constant, ...] | Table | None"


@dataclass(frozen=True, slots=True)
class Value:
    """One of *options*, or something of those *traits* (then an option is what it would be if all
    that is unknown were empty)."""

    options: frozenset[Constant] = frozenset()
    traits: Trait = Trait.NONE

    @property
    def exact(self) -> bool:
        return bool(self.options) and not self.traits

    @property
    def texts(self) -> list[str]:
        return sorted(option for option in self.options if isinstance(option, str))

    @property
    def numbers(self) -> list[int]:
        return sorted(option for option in self.options if type(option) is int)

    def has_text(self) -> bool:
        return bool(self.traits & (Trait.MADE | Trait.ENGINE)) or any(map(_holds_text, self.options))

    def __or__(self, other: Value) -> Value:
        if other.options <= self.options and other.traits | self.traits == self.traits:
            return self
        return made_of(self.options | other.options, self.traits | other.traits)


GIVEN = Value(traits=Trait.GIVEN)
NOTHING = Value()


def constant(value: Constant) -> Value:
    return made_of([value])


def made_of(options: Iterable[Constant], traits: Trait = Trait.NONE) -> Value:
    given = frozenset(options)
    kept = [option for option in given if _small(option)]
    if len(kept) > _MOST_OPTIONS:
        # the shortest say most about what names can be made
        kept = sorted(kept, key=lambda option: (len(repr(option)), repr(option)))[:_MOST_OPTIONS]
    return Value(frozenset(kept), traits if len(kept) == len(given) else traits | Trait.MADE)


def unfollowed(*operands: Value) -> Value:
    """What an operation that is not known here makes of its operands."""
    traits = Trait.NONE
    for operand in operands:
        traits |= operand.traits
    if any(operand.has_text() for operand in operands):
        traits |= Trait.MADE
    # an unknown operation may also leave its first operand as it is
    return made_of(operands[0].options if operands else (), (traits & ~(Trait.ENGINE | Trait.MACRO)) or Trait.GIVEN)


def folded(change: Callable[..., Constant], *operands: Value) -> Value:
    """*change* of every combination of what the operands can be; what is unknown counts as empty text."""
    if len(operands) > _MOST_OPERANDS:
        return unfollowed(*operands)
    choices = [sorted(operand.options, key=repr) or [""] for operand in operands]
    options: set[Constant] = set()
    for count, combination in enumerate(product(*choices)):
        if count >= _MOST_COMBINATIONS:
            return Value(made_of(options).options, unfollowed(*operands).traits | Trait.MADE)
        try:
            options.add(change(*combination))
        except (TypeError, ValueError, IndexError, KeyError, ArithmeticError, AttributeError):
            continue
    if all(operand.exact for operand in operands):
        return made_of(options) if options else unfollowed(*operands)
    return Value(made_of(options).options, unfollowed(*operands).traits)


def elements(value: Value) -> Value:
    """What a loop over it gets."""
    found: set[Constant] = set()
    for option in value.options:
        match option:
            case str() | tuple():
                found.update(option)
            case Table():
                found.update(option.keys)
    return made_of(found, value.traits)


def parts(value: Value) -> Value:
    """Everything inside it, however deep: what several targets of one assignment get."""
    found: set[Constant] = set()
    todo = list(value.options)
    while todo:
        option = todo.pop()
        if isinstance(option, tuple):
            todo += option
        elif isinstance(option, Table):
            todo += [*option.keys, *option.values]
        else:
            found.add(option)
    return made_of(found, value.traits)


def item(base: Value, key: Value) -> Value:
    """base[key], for a base that is written in the template as far as it is known."""
    found: set[Constant] = set()
    for option in base.options:
        match option:
            case Table():
                same = [v for k, v in zip(option.keys, option.values, strict=True) if k in key.options]
                found.update(same if key.exact else option.values)
            case str() | tuple() if key.exact and key.numbers:
                found.update(option[at] for at in key.numbers if -len(option) <= at < len(option))
            case str() | tuple() if not key.exact:
                found.update(option)
    if found:
        return made_of(found, base.traits & ~Trait.ENGINE)
    traits = base.traits & ~Trait.ENGINE
    return Value(frozenset(), traits or Trait.GIVEN)


def cut(base: Value, bounds: Sequence[Value | None]) -> Value:
    """base[start:stop:step]"""
    given = [bound for bound in bounds if bound is not None]

    def change(whole: Constant, *numbers: Constant) -> Constant:
        left = iter(numbers)
        start, stop, step = (None if bound is None else _whole(next(left)) for bound in bounds)
        if isinstance(whole, str | tuple):
            return whole[start:stop:step]
        raise TypeError

    if all(bound.exact for bound in given):
        return folded(change, base, *given)
    return unfollowed(base)


def _whole(value: Constant) -> int | None:
    if value is None or type(value) is int:
        return value
    raise TypeError


def joined(*operands: Value) -> Value:
    """a ~ b"""
    return folded(lambda *pieces: "".join(map(text, pieces)), *operands)


def operated(sign: str, left: Value, right: Value) -> Value:
    """Of arithmetic; comparisons give a truth value."""
    if sign == "~":
        return joined(left, right)
    if sign in ("or", "and"):
        return left | right
    if sign not in _ARITHMETIC:
        return made_of([True, False])
    if left.exact and right.exact:
        return folded(_ARITHMETIC[sign], left, right)
    if sign in ("+", "%", "*") and (left.has_text() or right.has_text()):
        return folded(_ARITHMETIC[sign], left, right)
    return Value(traits=((left.traits | right.traits) & ~Trait.ENGINE) or Trait.GIVEN)


def _plus(left: Constant, right: Constant) -> Constant:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, tuple) and isinstance(right, tuple):
        return left + right
    # an unknown operand counts as empty text, and may be the empty list as well
    if left == "" or right == "":
        return right if left == "" else left
    return _number(left) + _number(right)


def _times(left: Constant, right: Constant) -> Constant:
    if isinstance(right, str | tuple):
        left, right = right, left
    if isinstance(left, str | tuple):
        count = _whole(right) or 0
        if len(left) * count > _LONGEST:
            raise ValueError
        return left * count
    return _number(left) * _number(right)


def _power(left: Constant, right: Constant) -> Constant:
    base, exponent = _number(left), _number(right)
    if abs(exponent) > _MOST_BITS or abs(base) > 1 << 32:
        raise ValueError
    result: int | float = base**exponent
    return result


def _modulo(left: Constant, right: Constant) -> Constant:
    if isinstance(left, str):
        return percent(left, right if isinstance(right, tuple) else (right,))
    return _number(left) % _number(right)


def _number(value: Constant) -> int | float:
    if isinstance(value, int | float) and abs(value) < 1 << _MOST_BITS:
        return value
    raise TypeError


_ARITHMETIC: Mapping[str, Callable[[Constant, Constant], Constant]] = {
    "+": _plus,
    "-": lambda left, right: _number(left) - _number(right),
    "*": _times,
    "/": lambda left, right: _number(left) / _number(right),
    "//": lambda left, right: _number(left) // _number(right),
    "%": _modulo,
    "**": _power,
}

_DIRECTIVE = re.compile(r"%(?:\((\w+)\))?[-#0 +]*(\d*)(?:\.\d+)?([a-zA-Z%])")


def percent(form: str, values: Sequence[Constant]) -> str:
    """The directives that make text: %s, %c, %d and %%; ValueError for others."""
    left = iter(values)

    def fill(found: re.Match[str]) -> str:
        name, width, kind = found.groups()
        if kind == "%":
            return "%"
        if name or width:
            raise ValueError
        value = next(left, "")
        if kind == "c" and type(value) is int:
            return chr(value)
        if kind in "scdir":
            return text(value)
        raise ValueError

    return _DIRECTIVE.sub(fill, form)


def text(value: Constant) -> str:
    if isinstance(value, tuple | Table):
        raise TypeError
    return str(value)


def _small(option: Constant) -> bool:
    """Lists may share parts, so that few words make a tree of any size: its leaves are counted, up to a limit."""
    if isinstance(option, str):
        return len(option) <= _LONGEST
    if not isinstance(option, tuple | Table):
        return type(option) is not int or option.bit_length() <= _MOST_BITS
    left = _LONGEST
    todo: list[Constant] = [option]
    while todo and left >= 0:
        part = todo.pop()
        match part:
            case str():
                left -= len(part)
            case tuple():
                left -= len(part) + 1
                todo += part[: left + 1]
            case Table():
                todo += [part.keys, part.values]
    return left >= 0


def _holds_text(option: Constant) -> bool:
    if isinstance(option, tuple):
        return any(map(_holds_text, option))
    return isinstance(option, Table) or (isinstance(option, str) and option != "")
