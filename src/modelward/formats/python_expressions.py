"""Expressions of Python source, evaluated as far as names and constants go; every call on the way is reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from modelward.formats.python_tokens import Token, string_value
from modelward.formats.python_values import LONGEST, NOTHING, Expr, folded, join

_LONGEST_NAME = 200
_LONGEST_TEXT = 1 << 16
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_BY_NAME = frozenset({"builtins.__import__", "importlib.import_module", "importlib.__import__", "pydoc.locate"})
_NAMESPACES = frozenset({"builtins.globals()", "builtins.locals()", "builtins.vars()", "builtins.__builtins__"})

Lookup = Callable[[str], Expr]
Bind = Callable[[str, Expr], None]
OnCall = Callable[[Expr, list[Expr], Token], None]
OnValue = Callable[[Expr, str], None]
"""A name that is not called there, and the name of the call that it is an argument of."""


@dataclass(slots=True)
class _Frame:
    opening: str
    callee: Expr | None
    at: Token | None = None
    args: list[Expr] = field(default_factory=list)
    operands: list[Expr] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    last: Expr | None = None
    """The operand that may still be called, subscripted or asked for an attribute."""
    keyword: str = ""
    walrus: str = ""
    comma: bool = False


class Evaluator:
    def __init__(self, lookup: Lookup, bind: Bind, on_call: OnCall, on_value: OnValue) -> None:
        self._lookup, self._bind, self._on_call, self._on_value = lookup, bind, on_call, on_value
        self._frames: list[_Frame] = []

    def evaluate(self, tokens: list[Token]) -> Expr:
        """The brackets of a statement are balanced: the lexer has seen to that. *tokens* can be a part of one, as in
        a template that makes Python; a bracket that closes none of theirs is passed."""
        self._frames = [_Frame("", None)]
        for index, token in enumerate(tokens):
            before = tokens[index - 1].text if index else ""
            if token.text in _PAIRS and token.kind == "op":
                self._open(token)
            elif token.text in ")]}" and token.kind == "op":
                if len(self._frames) > 1:
                    self._close(token)
            else:
                self._take(token, before)
        top = self._frames[0]
        self._end_argument(top)
        return top.args[0] if len(top.args) == 1 and not top.comma else Expr(parts=tuple(top.args), literal="(")

    def _open(self, token: Token) -> None:
        top = self._frames[-1]
        callee = top.last if token.text != "{" else None
        if callee is None:
            self._end_operand(top)
        else:
            top.last = None
        self._frames.append(_Frame(token.text, callee, token))

    def _close(self, token: Token) -> None:
        done = self._frames.pop()
        self._end_argument(done)
        if done.callee is None:
            grouped = done.opening == "(" and len(done.args) == 1 and not (done.comma or done.args[0].keyword)
            made = done.args[0] if grouped else Expr(parts=tuple(done.args), literal=done.opening)
        elif done.opening == "(":
            made = self._called(done.callee, done.args, token)
        else:
            made = self._subscripted(done.callee, done.args)
        self._frames[-1].last = made

    def _take(self, token: Token, before: str) -> None:
        top = self._frames[-1]
        if token.kind == "name" and before == "." and top.last is not None:
            top.last = attribute(top.last, token.text, self._lookup)
        elif token.kind == "string" and top.last is not None and top.last.text is not None and not top.last.computed:
            if len(top.last.text) < _LONGEST_TEXT:
                top.last = replace(top.last, text=top.last.text + string_value(token))
        elif token.kind in ("name", "string", "number", "format"):
            self._end_operand(top)
            top.last = self._atom(token)
        elif token.text == ",":
            self._end_argument(top)
            top.comma = True
        elif token.text == "=" and top.opening == "(" and top.last is not None:
            top.keyword, top.last = top.last.name.lstrip("?").removeprefix("builtins."), None
        elif token.text == ":=" and top.last is not None:
            top.walrus, top.last = before, None
        elif token.text != ".":
            self._end_operand(top)
            top.words.append(token.text)

    def _atom(self, token: Token) -> Expr:
        if token.kind == "name":
            return self._lookup(token.text)
        if token.kind == "string":
            return Expr(text=string_value(token))
        if token.kind == "number":
            return Expr(number=_number(token.text))
        return Expr(name="?format")

    def _end_operand(self, frame: _Frame) -> None:
        if frame.last is not None:
            if frame.last.name and frame.last.name[-1] not in ")]":
                self._on_value(frame.last, frame.callee.name if frame.callee else frame.keyword)
            frame.operands.append(frame.last)
            frame.last = None

    def _end_argument(self, frame: _Frame) -> None:
        self._end_operand(frame)
        if not frame.operands and not frame.words:
            return
        value = join(frame.operands, frame.words)
        if frame.walrus:
            self._bind(frame.walrus, value)
        frame.args.append(replace(value, keyword=frame.keyword) if frame.keyword else value)
        frame.operands, frame.words, frame.keyword, frame.walrus = [], [], "", ""

    def _called(self, callee: Expr, args: list[Expr], token: Token) -> Expr:
        if callee.name == "?format":  # the fields of an f-string
            return Expr(parts=tuple(args))
        self._on_call(callee, args, token)
        positional = [arg for arg in args if not arg.keyword]
        first = positional[0] if positional else NOTHING
        second = positional[1] if len(positional) > 1 else NOTHING
        if callee.name == "builtins.getattr" and second.text is not None:
            return replace(attribute(first, second.text, self._lookup), computed=True)
        if callee.name in ("operator.attrgetter()", "operator.methodcaller()") and callee.parts:
            found = replace(attribute(first, callee.parts[0].text or "", self._lookup), computed=True)
            if callee.name.startswith("operator.attr"):
                return found
            self._on_call(found, list(callee.parts[1:]), token)
        if callee.name == "sys.modules.get" and first.text is not None:
            return self._subscripted(callee, [first])
        if callee.name in _BY_NAME and first.text is not None:
            name = (
                first.text.partition(".")[0] if callee.name == "builtins.__import__" and len(args) == 1 else first.text
            )
            return Expr(name=name[:_LONGEST_NAME], computed=True)
        text = folded(callee, positional)
        parts = (*callee.parts, *args)
        if text is not None:
            return Expr(text=text, computed=True, parts=(Expr(name=f"{callee.name}()"), *parts))
        return Expr(name=f"{callee.name}()"[-_LONGEST_NAME:] if callee.name else "", parts=parts)

    def _subscripted(self, base: Expr, args: list[Expr]) -> Expr:
        index = args[0] if len(args) == 1 else NOTHING
        if base.text is not None and index.words == (":", ":", "-") and len(base.text) <= LONGEST:
            return Expr(text=base.text[::-1], computed=True, parts=(base,))
        if index.text is None or not base.name:
            parts = (*base.parts, *args) if base.name else (base, *args)
            return Expr(name=f"{base.name}[]"[-_LONGEST_NAME:] if base.name else "", parts=parts)
        if base.name in ("sys.modules", "sys.modules.get"):
            return Expr(name=index.text[:_LONGEST_NAME], computed=True)
        if base.name == "builtins.vars()" and base.parts:
            return replace(attribute(base.parts[0], index.text, self._lookup), computed=True)
        if base.name in _NAMESPACES or base.name.endswith(".__builtins__"):
            return replace(self._lookup(index.text), computed=True)
        if base.name.endswith(".__dict__"):
            owner = Expr(name=base.name.rpartition(".")[0])
            return replace(attribute(owner, index.text, self._lookup), computed=True)
        return Expr(name=f"{base.name}[]"[-_LONGEST_NAME:], parts=(*base.parts, *args))


def attribute(base: Expr, name: str, lookup: Lookup) -> Expr:
    if base.text is not None:
        return Expr(name=f"<text>.{name}", parts=(base,))
    if base.name in ("builtins.__builtins__", "builtins"):
        return Expr(name=f"builtins.{name}", computed=base.computed)
    if not base.name:
        return Expr(name=f"?.{name}", parts=(base,))
    if base.name.startswith("?") and "." not in base.name:
        bound = lookup(f"{base.name[1:]}.{name}")
        if not bound.name.startswith("?"):
            return bound
    parts = base.parts
    if base.name.startswith("?") and base.options:
        parts = tuple(attribute(option, name, lookup) for option in parts)
    longer = f"{base.name}.{name}"[-_LONGEST_NAME:]
    return Expr(name=longer, computed=base.computed, parts=parts, options=base.options)


def _number(text: str) -> int | None:
    try:
        return int(text.replace("_", "").rstrip("lL"), 0) if len(text) < 20 else None
    except ValueError:
        return None
