"""The expressions of Jinja, by its precedences.

https://jinja.palletsprojects.com/en/stable/templates/#expressions
"""

from __future__ import annotations

from typing import NoReturn

from modelward.formats.jinja.nodes import (
    Arguments,
    Attribute,
    Call,
    Chain,
    Choice,
    Const,
    Expr,
    Filter,
    Group,
    Item,
    Name,
    Operation,
    Slice,
    Step,
    Test,
)
from modelward.formats.jinja.tokens import END, Kind, NotATemplate, Reason, Token, tokens

_DEEPEST = 50
"""Brackets inside brackets. Jinja's own parser gives up at about 70."""

_OPERATORS = (
    {"or"},
    {"and"},
    {"not"},
    {"==", "!=", "<", ">", "<=", ">=", "in", "not in"},
    {"+", "-"},
    {"~"},
    {"*", "/", "//", "%"},
    {"**"},
)
_RANK = {sign: rank for rank, signs in enumerate(_OPERATORS) for sign in signs if sign != "not"}
_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}


class Expressions:
    """Reads the tokens of *text*, one after the other. Raises NotATemplate."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self.here = next(self._tokens, END)
        self.following = next(self._tokens, END)
        self._depth = 0

    # --- tokens ---

    def take(self) -> Token:
        token = self.here
        self.here, self.following = self.following, next(self._tokens, END)
        return token

    def fail(self) -> NoReturn:
        raise NotATemplate("what no template has", self.here.at)

    def sees(self, *values: str) -> bool:
        return self.here.kind in (Kind.OPERATOR, Kind.NAME) and self.here.value in values

    def skips(self, value: str) -> bool:
        if self.sees(value):
            self.take()
            return True
        return False

    def want(self, value: str) -> None:
        if not self.skips(value):
            self.fail()

    def name(self) -> str:
        if self.here.kind is not Kind.NAME:
            self.fail()
        return str(self.take().value)

    # --- expressions ---

    def target(self, *ends: str) -> Expr:
        at = self.here.at
        items: list[Expr] = []
        while not self.sees(*ends):
            items.append(self._postfix(self._primary()))
            if not self.skips(","):
                break
        if not items:
            self.fail()
        return items[0] if len(items) == 1 else Group("(", tuple(items), at)

    def sequence(self, *ends: str, choice: bool = True) -> Expr:
        at = self.here.at
        items = [self.expression(choice)]
        one = True
        while self.skips(","):
            one = False
            if self.here.kind is Kind.END or self.sees(")", ":", *ends):
                break
            items.append(self.expression(choice))
        return items[0] if one else Group("(", tuple(items), at)

    def expression(self, choice: bool = True) -> Expr:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotATemplate(f"brackets nested deeper than {_DEEPEST}", self.here.at, Reason.SIZE)
        at = self.here.at
        options, tests = [self._binary(0)], []
        while choice and self.skips("if"):
            tests.append(self._binary(0))
            if self.skips("else"):
                options.append(self._binary(0))
        self._depth -= 1
        return Choice(tuple(options), tuple(tests), at) if tests else options[0]

    def _binary(self, least: int) -> Expr:
        at = self.here.at
        items: list[Expr] = [self._unary()]
        signs: list[str] = []
        rank = len(_OPERATORS)
        while (sign := self._sign()) and least <= _RANK[sign]:
            if _RANK[sign] < rank and signs:
                items, signs = [Operation(tuple(signs), tuple(items), at)], []
            rank = _RANK[sign]
            self.take()
            if sign == "not in":
                self.take()
            signs.append(sign)
            items.append(self._binary(rank + 1))
        return Operation(tuple(signs), tuple(items), at) if signs else items[0]

    def _sign(self) -> str:
        if self.here.kind not in (Kind.OPERATOR, Kind.NAME):
            return ""
        sign = str(self.here.value)
        if sign == "not" and self.following.value == "in" and self.following.kind is Kind.NAME:
            return "not in"
        return sign if sign in _RANK else ""

    def _unary(self) -> Expr:
        at = self.here.at
        signs = []
        while self.sees("not", "-", "+"):
            signs.append(str(self.take().value))
        if "not" in signs:
            return Operation(("not",), (self._binary(_RANK["=="]),), at)
        node = self._postfix(self._primary())
        if signs:
            node = Operation((f"{signs[0]}x",), (node,), at)
        return self._filtered(node)

    def _primary(self) -> Expr:
        token = self.take()
        match token.kind:
            case Kind.NAME:
                name = str(token.value)
                return Const(_CONSTANTS[name], token.at) if name in _CONSTANTS else Name(name, token.at)
            case Kind.TEXT:
                parts = [str(token.value)]
                while self.here.kind is Kind.TEXT:
                    parts.append(str(self.take().value))
                return Const("".join(parts), token.at)
            case Kind.NUMBER:
                return Const(token.value, token.at)
            case Kind.OPERATOR if token.value == "(":
                return self._parentheses(token.at)
            case Kind.OPERATOR if token.value == "[":
                return self._list(token.at)
            case Kind.OPERATOR if token.value == "{":
                return self._dictionary(token.at)
        raise NotATemplate("what no expression has", token.at)

    def _parentheses(self, at: int) -> Expr:
        node: Expr = Group("(", (), at) if self.sees(")") else self.sequence()
        self.want(")")
        return node

    def _list(self, at: int) -> Expr:
        items = []
        while not self.sees("]"):
            items.append(self.expression())
            if not self.skips(","):
                break
        self.want("]")
        return Group("[", tuple(items), at)

    def _dictionary(self, at: int) -> Expr:
        items = []
        while not self.sees("}"):
            items.append(self.expression())
            self.want(":")
            items.append(self.expression())
            if not self.skips(","):
                break
        self.want("}")
        return Group("{", tuple(items), at)

    def _postfix(self, node: Expr) -> Expr:
        return self._chained(node, ".", "[", "(")

    def _filtered(self, node: Expr) -> Expr:
        return self._chained(node, "|", "is", "(")

    def _chained(self, node: Expr, *signs: str) -> Expr:
        steps: list[Step] = []
        while self.sees(*signs):
            sign, at = str(self.here.value), self.here.at
            match sign:
                case ".":
                    self.take()
                    steps.append(self._dotted(at))
                case "[":
                    self.take()
                    steps.append(Item(self._subscript(at), at))
                case "(":
                    steps.append(Call(self.arguments(), at))
                case "|":
                    self.take()
                    steps.append(self.one_filter())
                case _:
                    self.take()
                    steps.append(self._test(at))
        if not steps:
            return node
        if isinstance(node, Chain):
            return Chain(node.base, (*node.steps, *steps), node.at)
        return Chain(node, tuple(steps), node.at)

    def _dotted(self, at: int) -> Step:
        token = self.take()
        if token.kind is Kind.NAME:
            return Attribute(str(token.value), at)
        if token.kind is Kind.NUMBER and isinstance(token.value, int):
            return Item(Const(token.value, token.at), at)
        raise NotATemplate("what no expression has", at)

    def _subscript(self, at: int) -> Expr:
        items = [self._bound()]
        while self.skips(","):
            items.append(self._bound())
        self.want("]")
        return items[0] if len(items) == 1 else Group("(", tuple(items), at)

    def _bound(self) -> Expr:
        at = self.here.at
        bounds: list[Expr | None] = []
        while len(bounds) < 3:
            bounds.append(None if self.sees(":", "]", ",") else self.expression())
            if not self.skips(":"):
                break
        if len(bounds) == 1 and bounds[0] is not None:
            return bounds[0]
        start, stop, step = [*bounds, None, None][:3]
        return Slice((start, stop, step), at)

    def arguments(self) -> Arguments:
        self.want("(")
        found: list[tuple[str, Expr]] = []
        while not self.sees(")"):
            name = ""
            if self.sees("*", "**"):
                name = str(self.take().value)
            elif self.here.kind is Kind.NAME and self.following.value == "=" and self.following.kind is Kind.OPERATOR:
                name = self.name()
                self.take()
            found.append((name, self.expression()))
            if not self.skips(","):
                break
        self.want(")")
        return tuple(found)

    def _dotted_name(self) -> str:
        name = self.name()
        while self.skips("."):
            name += "." + self.name()
        return name

    def filters(self) -> tuple[Step, ...]:
        found = []
        while self.skips("|"):
            found.append(self.one_filter())
        return tuple(found)

    def one_filter(self) -> Step:
        at = self.here.at
        name = self._dotted_name()
        return Filter(name, self.arguments() if self.sees("(") else (), at)

    def _test(self, at: int) -> Step:
        self.skips("not")
        name = self._dotted_name()
        if self.sees("("):
            return Test(name, self.arguments(), at)
        plain = self.here.kind in (Kind.NAME, Kind.TEXT, Kind.NUMBER) and not self.sees("else", "or", "and", "is")
        if plain or self.sees("[", "{"):
            return Test(name, (("", self._postfix(self._primary())),), at)
        return Test(name, (), at)
