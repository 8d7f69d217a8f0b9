"""What the steps of a chain reach: attributes, items, calls and filters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, auto

from modelward.checks.scan.jinja import names
from modelward.checks.scan.jinja.functions import FILTERS, METHODS
from modelward.checks.scan.jinja.values import (
    GIVEN,
    NOTHING,
    Table,
    Trait,
    Value,
    constant,
    cut,
    folded,
    item,
    made_of,
    parts,
    unfollowed,
)
from modelward.formats.jinja.nodes import (
    Arguments,
    Attribute,
    Call,
    Chain,
    Expr,
    Filter,
    Item,
    Name,
    Slice,
    Step,
    Template,
    Test,
)
from modelward.formats.source import Budget

MOST_WORK = 30_000
"""Values that are worked out for one template. The longest chat templates need 9,000."""

HUGE = 10**7
"""More of anything than a template needs."""
_MOST_FOUND = 100
_UNKNOWN = Trait.GIVEN | Trait.CHOSEN | Trait.WALKED
_NAMING = frozenset({"attribute", "name", "*", "**"})
_Given = list[tuple[str, Value]]


class Reached(Enum):
    INTERNALS = auto()
    COMPUTED_NAME = auto()
    COMPUTED_CALL = auto()
    FILE = auto()
    HUGE = auto()
    PRIVATE = auto()
    UNKNOWN_CALL = auto()
    LINK = auto()


@dataclass(frozen=True, slots=True)
class Found:
    what: Reached
    message: str
    at: int
    outside: bool = False
    """Of a file: its name leads out of the folder of templates."""


class TooMuch(Exception):
    """The budget is spent."""


class Steps(ABC):
    """Follows chains, and knows what every name is bound to so far."""

    def __init__(self, template: Template, budget: Budget) -> None:
        self._template = template
        self._budget = budget
        self._bound: dict[str, Value] = {}
        """Of names; ".x" is what any object keeps under x, "x()" what a macro puts out, "[]" what lists are given."""
        self._found: dict[Found, None] = {}

    @abstractmethod
    def _value(self, expression: Expr) -> Value: ...

    def _say(self, what: Reached, at: int, message: str) -> None:
        if len(self._found) < _MOST_FOUND:
            self._found[Found(what, message, at)] = None

    def _spend(self) -> None:
        if not self._budget.spend(1):
            raise TooMuch

    def _join(self, name: str, value: Value) -> None:
        self._spend()
        self._bound[name] = self._bound.get(name, NOTHING) | value

    def _chain(self, chain: Chain) -> Value:
        owner = value = self._value(chain.base)
        for place, step in enumerate(chain.steps):
            before = chain.steps[place - 1] if place else chain.base
            called = place + 1 < len(chain.steps) and isinstance(chain.steps[place + 1], Call)
            owner, value = value, self._step(step, before, owner, value, called)
        return value

    def _step(self, step: Step, before: Expr | Step, owner: Value, value: Value, called: bool) -> Value:
        match step:
            case Attribute(name, at):
                self._named(name, at)
                self._taken(name, value, at, called)
                return self._attribute(value, name)
            case Item(Slice(bounds)):
                return cut(value, [None if bound is None else self._value(bound) for bound in bounds])
            case Item(key, at):
                return self._item(value, self._value(key), at, called)
            case Call(arguments, at):
                return self._call(self._arguments(arguments, at), before, owner, value, at)
            case Filter(name, arguments, at):
                return self._filter(name, value, self._arguments(arguments, at), at)
            case Test(_, arguments, at):
                self._arguments(arguments, at)
                return made_of([True, False])

    def _arguments(self, arguments: Arguments, at: int) -> _Given:
        given = [(name, self._value(argument)) for name, argument in arguments]
        for _, value in given:
            if value.numbers and value.numbers[-1] >= HUGE:
                self._say(Reached.HUGE, at, f"an argument of {value.numbers[-1]:,}")
        return given

    def _named(self, name: str, at: int) -> None:
        """An attribute that is taken by a known name."""
        if names.is_internal(name):
            self._say(Reached.INTERNALS, at, f"takes the attribute {name!r}")
        elif names.is_private(name):
            self._say(Reached.PRIVATE, at, f"takes the attribute {name!r}")

    def _taken(self, name: str, owner: Value, at: int, called: bool) -> None:
        """str.format as a value, to be called where nobody sees what it formats. Tools have a field of that name."""
        if name in names.TAKEN_WHOLE and not called and owner.exact and owner.texts:
            self._say(Reached.COMPUTED_NAME, at, f"takes the method {name!r}, which walks attributes itself")

    def _attribute(self, value: Value, name: str) -> Value:
        field = self._bound.get(f".{name}", NOTHING)
        known = [option for option in value.options if isinstance(option, Table) and name in option.keys]
        if known:
            return item(Value(frozenset(known)), constant(name)) | field
        if value.traits & Trait.MADE:
            field |= Value(value.options, Trait.MADE)  # what a cycler was given, say
        if value.traits or field == NOTHING:
            field |= Value(traits=(value.traits & _UNKNOWN) or Trait.GIVEN)
        return field | Value(traits=Trait.CHOSEN) if name in names.TAKEN_WHOLE else field

    def _item(self, base: Value, key: Value, at: int, called: bool) -> Value:
        inner = [text for text in key.texts if names.is_internal(text)]
        for text in inner if not key.exact else key.texts:
            self._named(text, at)
            self._taken(text, base, at, called)
        if key.exact:
            fields = NOTHING
            for text in key.texts:
                fields |= self._bound.get(f".{text}", NOTHING)
            return item(base, key) | fields
        made = bool(key.traits & Trait.MADE)
        odd_base = base.traits & Trait.ENGINE or (made and (base.traits & Trait.WALKED or base.texts))
        if (made and not key.traits & Trait.GIVEN) or odd_base:
            self._say(Reached.COMPUTED_NAME, at, f"takes an attribute by a name that it computes{_such_as(key)}")
        walked = Trait.CHOSEN | (Trait.WALKED if made else Trait.NONE)
        return item(base, key) | Value(traits=walked | (key.traits & Trait.GIVEN))

    # --- calls ---

    def _call(self, given: _Given, before: Expr | Step, owner: Value, value: Value, at: int) -> Value:
        values = [argument for _, argument in given]
        match before:
            case Name(name):
                return self._function(name, given, value, at)
            case Attribute(name):
                return self._method([name], owner, value, given, at)
            case Item(key) if (known := self._value(key)).exact and known.texts:
                return self._method(known.texts, owner, value, given, at)
            case Item() if not owner.traits & Trait.MACRO:
                self._say(Reached.COMPUTED_CALL, at, "calls what a key leads to that is not written down")
            case Filter("attr") | Item():
                return unfollowed(owner, *values)
            case _:
                self._unknown("what another expression gave", value, at)
        return unfollowed(value, *values)

    def _function(self, name: str, given: _Given, value: Value, at: int) -> Value:
        values = [argument for _, argument in given]
        macros = [macro for macro in self._template.macros if macro.name == name]
        for macro in macros:
            for place, (keyword, argument) in enumerate(given):
                targets = macro.parameters if keyword.startswith("*") else (keyword, *macro.parameters[place:][:1])
                for target in targets[: 1 if keyword and not keyword.startswith("*") else None]:
                    self._join(target, parts(argument) if keyword.startswith("*") else argument)
        if macros:
            return self._bound.get(f"{name}()", NOTHING)
        if name in ("dict", "namespace"):
            return self._record(given)
        if name not in names.FUNCTIONS and not (name in self._bound and not value.traits & _UNKNOWN):
            self._unknown(f"{name}()", value, at)
        return GIVEN if name in ("range", "loop") else unfollowed(*values)

    def _record(self, given: _Given) -> Value:
        keywords = [(name, value) for name, value in given if name.strip("*")]
        for name, value in keywords:
            self._join(f".{name}", value)
        result = folded(
            lambda *values: Table(tuple(name for name, _ in keywords), values), *(value for _, value in keywords)
        )
        for name, value in given:
            if not name.strip("*"):
                result |= value
        return result if given else NOTHING

    def _method(self, called: list[str], owner: Value, value: Value, given: _Given, at: int) -> Value:
        values = [argument for _, argument in given]
        for name in called:
            if name not in names.METHODS and not names.is_private(name):
                self._unknown(f"the method {name}()", owner | value, at)
            if name in names.TAKEN_WHOLE:
                self._format(owner, at)
            if name in names.GROWING:
                self._grow(values)
        if len(called) == 1 and called[0] in METHODS and not any(name for name, _ in given):
            return folded(METHODS[called[0]], owner, *values)
        if called == ["get"] and values:
            return item(owner, values[0]) | unfollowed(*values[1:])
        return unfollowed(owner, *values)

    def _unknown(self, what: str, value: Value, at: int) -> None:
        if value.traits & (Trait.CHOSEN | Trait.WALKED):
            self._say(Reached.COMPUTED_CALL, at, f"calls {what} of something taken by a name that is not written down")
        else:
            self._say(Reached.UNKNOWN_CALL, at, f"calls {what}")

    def _format(self, form: Value, at: int) -> None:
        """str.format takes attributes and items by the names in its fields."""
        for text in form.texts:
            for field in names.FIELD.finditer(text):
                self._named(field[1], at)
            if names.WIDE.search(text):
                self._say(Reached.HUGE, at, "a text padded to millions of characters")
        if form.traits & Trait.MADE:
            self._say(Reached.COMPUTED_NAME, at, "formats a text that it computes, whose fields can take any attribute")

    def _grow(self, values: list[Value]) -> None:
        for value in values:
            inner = parts(value)
            self._join("[]", inner | Value(traits=Trait.MADE if inner.has_text() else Trait.NONE))

    def _grown(self, value: Value) -> Value:
        """A list may hold whatever is added to any list."""
        added = self._bound.get("[]", NOTHING)
        if any(isinstance(option, tuple) for option in value.options):
            return value | made_of(((option,) for option in added.options), added.traits)
        return value

    # --- filters ---

    def _filter(self, name: str, value: Value, given: _Given, at: int) -> Value:
        self._attributes_in(name, given, at)
        if any(not taken.exact for taken in _attribute_values(name, given)):
            value |= Value(traits=Trait.CHOSEN)
        values = [argument for keyword, argument in given if not keyword]
        if name in names.COUNTING:
            return Value(traits=(value.traits & _UNKNOWN) or Trait.GIVEN)
        if name in ("default", "d"):
            result = value
            for _, argument in given:
                result |= argument
            return result
        if name in FILTERS and len(values) == len(given):
            return folded(FILTERS[name], value, *values)
        return unfollowed(value, *(argument for _, argument in given))

    def _attributes_in(self, name: str, given: _Given, at: int) -> None:
        for value in _attribute_values(name, given):
            self._taken_by(value, at, only_constant=name == "attr")
            if name == "attr" and names.TAKEN_WHOLE.intersection(value.texts):
                self._say(Reached.COMPUTED_NAME, at, "takes a method that walks attributes itself")
        if name == "map":
            self._mapped(given, at)

    def _mapped(self, given: _Given, at: int) -> None:
        """The name of another filter, which is given the rest."""
        for place, (keyword, what) in enumerate(given):
            if keyword:
                continue
            if not what.exact:
                self._say(Reached.COMPUTED_NAME, at, f"maps a filter whose name it computes{_such_as(what)}")
            for name in what.texts if len(given) > 1 else ():
                self._attributes_in(name, given[:place] + given[place + 1 :], at)
            return

    def _taken_by(self, value: Value, at: int, only_constant: bool = False) -> None:
        for text in value.texts:
            for name in [text] if only_constant else text.split("."):
                if value.exact or names.is_internal(name):
                    self._named(name, at)
        if not value.exact and (only_constant or value.traits & Trait.MADE):
            self._say(Reached.COMPUTED_NAME, at, f"takes an attribute by a name that it computes{_such_as(value)}")


def _attribute_values(name: str, given: _Given) -> list[Value]:
    """The arguments of a filter that name an attribute, or a path of them."""
    place = names.ATTRIBUTE_ARGUMENTS.get(name)
    if place is None:
        return []
    positional = [value for keyword, value in given if not keyword]
    named = [parts(value) if keyword.startswith("*") else value for keyword, value in given if keyword in _NAMING]
    return named + (positional[place : place + 1] if place >= 0 else [])


def _such_as(value: Value) -> str:
    texts = [text for text in value.texts if text]
    return f", such as {texts[0]!r}" if texts else ""
