"""Follows a template's expressions to the names that they reach.

Flow does not matter: a name stands for everything that is bound to it anywhere, and every branch counts.
"""

from __future__ import annotations

from math import prod

from modelward.checks.scan.jinja import names
from modelward.checks.scan.jinja.steps import HUGE, Found, Reached, Steps, TooMuch
from modelward.checks.scan.jinja.values import (
    GIVEN,
    NOTHING,
    Table,
    Trait,
    Value,
    constant,
    elements,
    folded,
    joined,
    made_of,
    operated,
    parts,
    unfollowed,
)
from modelward.formats.jinja.nodes import (
    Attribute,
    Binding,
    Call,
    Chain,
    Choice,
    Const,
    Expr,
    Group,
    Name,
    Operation,
    Slice,
    Template,
)
from modelward.formats.source import Budget

_PASSES = 4


class Reach(Steps):
    """What a template reaches. *complete*: all of it was followed."""

    def __init__(self, template: Template, budget: Budget) -> None:
        super().__init__(template, budget)
        self._macros = {macro.name for macro in template.macros}
        self._constants: dict[Const, Value] = {}
        self.complete = False

    def everything(self) -> list[Found]:
        try:
            self._settle()
            self._found.clear()
            for expression in self._template.expressions:
                self._value(expression)
            self._loads()
            self._loops()
            self._links()
            self.complete = True
        except TooMuch:
            pass  # what was found so far is found
        return list(self._found)

    def _settle(self) -> None:
        """Rounds over everything that is bound, until nothing changes."""
        for _ in range(_PASSES):
            changed = self._bind()
            if not changed:
                return
        for name, value in changed.items():
            # still growing: a loop puts a text together
            self._bound[name] = value | Value(traits=Trait.MADE if value.has_text() else Trait.NONE)

    def _loads(self) -> None:
        for load in self._template.loads:
            named = self._value(load.what)
            known = ", ".join(map(repr, named.texts)) or "a computed name"
            outside = any(names.OUTSIDE.search(text) for text in named.texts)
            self._found[Found(Reached.FILE, f"{load.tag} of {known}", load.at, outside)] = None

    def _loops(self) -> None:
        rounds = [
            max(self._value(binding.value.steps[0].arguments[0][1]).numbers, default=1)
            for binding in self._template.bindings
            if binding.each
            and isinstance(binding.value, Chain)
            and isinstance(binding.value.base, Name)
            and binding.value.base.name == "range"
            and isinstance(binding.value.steps[0], Call)
            and binding.value.steps[0].arguments
        ]
        if prod(max(count, 1) for count in rounds) >= 10**9:
            self._say(Reached.HUGE, 0, f"loops of {' x '.join(f'{count:,}' for count in rounds)} rounds")

    def _links(self) -> None:
        for piece in {**dict.fromkeys(self._template.data), **self._constants}:
            for link in names.LINK.finditer(str(piece.value)):
                self._say(Reached.LINK, piece.at + link.start(), f"the text holds {link[0]!r}")

    # --- names ---

    def _bind(self) -> dict[str, Value]:
        """One round over everything that is bound; what has changed by it."""
        before = dict(self._bound)
        for macro in self._template.macros:
            self._join(f"{macro.name}()", self._value(macro.body))
            for parameter in macro.parameters:
                self._join(parameter, GIVEN)
        for binding in self._template.bindings:
            value = self._value(binding.value)
            self._assign(binding, elements(value) if binding.each else value)
        for expression in self._template.expressions:
            self._value(expression)
        return {name: value for name, value in self._bound.items() if before.get(name) != value}

    def _assign(self, binding: Binding, value: Value) -> None:
        target = binding.target
        if isinstance(target, Group):
            value = parts(value)
        for one in target.items if isinstance(target, Group) else (target,):
            if isinstance(one, Name):
                self._join(one.name, value)
            elif isinstance(one, Chain) and isinstance(one.steps[-1], Attribute):
                self._join(f".{one.steps[-1].name}", value)
            elif isinstance(one, Group):
                self._assign(Binding(one, binding.value), value)

    # --- expressions ---

    def _value(self, expression: Expr) -> Value:
        self._spend()
        match expression:
            case Const(known):
                if expression not in self._constants:
                    self._constants[expression] = constant(known)
                return self._constants[expression]
            case Name(name):
                if name in names.BUILTINS:  # only a loader that hands Python to its templates has them
                    self._say(Reached.INTERNALS, 0, f"names {name!r}")
                if name in self._macros:
                    return Value(traits=Trait.MACRO)
                if name in self._bound:
                    return self._grown(self._bound[name])
                if names.SPECIAL_TOKEN.fullmatch(name):  # the text beside the template, by whoever wrote the template
                    return Value(traits=Trait.GIVEN | Trait.MADE)
                return Value(traits=Trait.ENGINE) if name in names.ENGINE else GIVEN
            case Group():
                return self._group(expression)
            case Operation():
                return self._operation(expression)
            case Choice(options, tests):
                for test in tests:
                    self._value(test)
                result = NOTHING
                for option in options:
                    result |= self._value(option)
                return result
            case Slice(bounds):
                return unfollowed(*(self._value(bound) for bound in bounds if bound is not None))
            case Chain():
                return self._chain(expression)

    def _group(self, group: Group) -> Value:
        values = [self._value(one) for one in group.items]
        if group.kind != "{":
            macros = [value.traits & Trait.MACRO for value in values]
            return folded(lambda *whole: whole, *values) | Value(traits=max(macros, default=Trait.NONE))
        for key, value in zip(values[::2], values[1::2], strict=True):
            for text in key.texts:
                self._join(f".{text}", value)
        return folded(lambda *whole: Table(whole[::2], whole[1::2]), *values)

    def _operation(self, operation: Operation) -> Value:
        values = [self._value(one) for one in operation.items]
        signs = operation.signs
        if set(signs) == {"~"}:
            return joined(*values)
        if len(values) == 1:
            return self._sign(signs[0], values[0])
        self._amounts(operation, values)
        result = values[0]
        for sign, value in zip(signs, values[1:], strict=True):
            result = operated(sign, result, value)
        return result

    def _sign(self, sign: str, value: Value) -> Value:
        if sign == "not":
            return made_of([True, False])
        return operated("-", constant(0), value) if sign == "-x" else value

    def _amounts(self, operation: Operation, values: list[Value]) -> None:
        """Repeated text, powers and padding whose size no template needs."""
        numbers = [max(value.numbers, default=1) for value in values]
        text = [value for value in values if value.has_text()]
        if "*" in operation.signs and text:
            most = HUGE if all(value.options for value in text) else HUGE // 1000
            if prod(max(number, 1) for number in numbers) >= most:
                self._say(Reached.HUGE, operation.at, "a text repeated millions of times")
        for sign, base, exponent in zip(operation.signs, numbers, numbers[1:], strict=False):
            if sign == "**" and abs(base) > 1 and exponent * abs(base).bit_length() > HUGE:
                self._say(Reached.HUGE, operation.at, "a power with millions of digits")
        if "%" in operation.signs and any(names.WIDE.search(form) for form in values[0].texts):
            self._say(Reached.HUGE, operation.at, "a text padded to millions of characters")
