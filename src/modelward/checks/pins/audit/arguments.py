"""The arguments of a call, by name or by place, through * and ** and functools.partial."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from modelward.checks.pins.audit.evaluator import Evaluator
from modelward.checks.pins.audit.scopes import Scope
from modelward.checks.pins.audit.values import Known, Partial, Several, Table, Text, Value, Values

_SHOWN = 60


@dataclass(slots=True)
class Arguments:
    evaluator: Evaluator
    places: list[tuple[ast.expr, Scope]] = field(default_factory=list)
    words: dict[str, tuple[ast.expr, Scope]] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    more_places: bool = False
    """There may be further ones behind those that are known."""
    more_words: bool = False
    dictionaries: set[int] = field(default_factory=set)
    """By id: those that were unpacked, or looked into."""

    @classmethod
    def of(
        cls, call: ast.Call, scope: Scope, evaluator: Evaluator, callee: Value | None = None, skip: int = 0
    ) -> Arguments:
        """Those of *call*, without the first *skip*, behind those that a partial *callee* has already."""
        made = cls(evaluator)
        if isinstance(callee, Partial):
            made = cls.of(callee.call, callee.scope, evaluator, callee.of, 1)
        for argument in call.args[skip:]:
            if isinstance(argument, ast.Starred):
                made.more_places = True
            elif not made.more_places:
                made.places.append((argument, scope))
        for word in call.keywords:
            if word.arg is not None:
                made.words[word.arg] = (word.value, scope)
            else:
                made._unpack(word.value, scope)
        return made

    def _unpack(self, node: ast.expr, scope: Scope) -> None:
        for value in self.evaluator.of(node, scope):
            if isinstance(value, Table):
                self.tables.append(value)
                self.dictionaries |= value.nodes
            self.more_words = self.more_words or not isinstance(value, Table) or not value.is_whole

    def get(self, name: str, position: int | None = None) -> Values:
        """What the argument may be; empty if it is not there."""
        if name in self.words:
            return self.evaluator.of(*self.words[name])
        if position is not None and position < len(self.places):
            return self.evaluator.of(*self.places[position])
        found = tuple(value for table in self.tables for value in table.get(name))
        is_open = self.more_words or (position is not None and self.more_places)
        return (*found, Text()) if is_open else found

    def inside(self, names: str, name: str) -> Values:
        """What *name* may be in the dictionaries that are given as *names*."""
        values = [value for one in names.split(",") if one for value in self.get(one)]
        found: list[Value] = []
        for value in values:
            if isinstance(value, Table):
                self.dictionaries |= value.nodes
                found += value.get(name)
            elif not isinstance(value, Known):
                found.append(Text())
        return tuple(found)

    def nodes(self, names: Iterable[str], position: int | None) -> list[ast.expr]:
        """The expressions that are given for one of *names*, or at *position*."""
        places = self.places[position : position + 1] if position is not None else []
        return [node for node, _ in [*places, *(self.words[name] for name in names if name in self.words)]]

    def shown(self, name: str, position: int | None = None) -> str:
        """The expression, for people."""
        if name in self.words:
            return shown(self.words[name][0])
        if position is not None and position < len(self.places):
            return shown(self.places[position][0])
        return "what ** brings"


def shown(node: ast.expr) -> str:
    try:
        text = " ".join(ast.unparse(node).split())
    except RecursionError:
        return "a long expression"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def each(values: Values) -> Values:
    """Lists by their items."""
    return tuple(one for value in values for one in (value.items if isinstance(value, Several) else (value,)))
