"""The tags of Jinja: a template as a whole.

https://jinja.palletsprojects.com/en/stable/templates/#list-of-control-structures
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from modelward.formats.jinja.expressions import Expressions
from modelward.formats.jinja.nodes import Binding, Call, Chain, Const, Expr, Load, Macro, Name, Operation, Template
from modelward.formats.jinja.tokens import END, Kind, NotATemplate, Reason


def parse(text: str) -> Template:
    """Whatever Jinja 3 parses, with the tags of its extensions, and `generation` of transformers.
    Some of what Jinja refuses passes too. Raises NotATemplate."""
    return _Parser(text).template()


@dataclass(slots=True)
class _Frame:
    """A tag that must be closed, and what is put out inside it."""

    tag: str
    at: int
    pieces: list[Expr] = field(default_factory=list)
    close: Callable[[Expr], None] | None = None
    """What becomes of the output; None: it belongs to what is around."""


_INNER = {"else": {"for", "if"}, "elif": {"if"}, "pluralize": {"trans"}}


class _Parser(Expressions):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._made = Template()
        self._frames = [_Frame("", 0)]

    def template(self) -> Template:
        while self.here is not END:
            token = self.take()
            if token.kind is Kind.DATA:
                piece = Const(token.value, token.at)
                self._made.data.append(piece)
                self._frames[-1].pieces.append(piece)
                continue
            if token.kind is Kind.OUTPUT:
                self._frames[-1].pieces.append(self._judged(self.sequence()))
            else:
                self._tag()
            if self.take().kind is not Kind.END:
                raise NotATemplate("what no template has", token.at)
        if len(self._frames) > 1:
            raise NotATemplate(f"{self._frames[-1].tag} without its end", self._frames[-1].at, Reason.END)
        return self._made

    def _judged(self, expression: Expr) -> Expr:
        self._made.expressions.append(expression)
        return expression

    def _tag(self) -> None:
        at = self.here.at
        name = self.name()
        if name in _INNER:
            self._inner(name, at)
        elif name.startswith("end") and self._frames[-1].tag == name[3:]:
            self._close(name[3:])
        elif name in _SIMPLE:
            _SIMPLE[name](self, name, at)
        elif name in _BLOCKS:
            _BLOCKS[name](self, name, at)
        else:
            raise NotATemplate("a tag that Jinja does not have", at)

    def _inner(self, name: str, at: int) -> None:
        if self._frames[-1].tag not in _INNER[name]:
            raise NotATemplate(f"{name} in the wrong place", at)
        if name == "elif":
            self._judged(self.sequence())
        elif name == "pluralize" and self.here.kind is Kind.NAME:
            self.take()
        self.skips(":")

    def _open(self, tag: str, at: int, close: Callable[[Expr], None] | None = None) -> None:
        self.skips(":")
        if len(self._frames) > 1000:
            raise NotATemplate("too many tags inside each other", at, Reason.SIZE)
        self._frames.append(_Frame(tag, at, close=close))

    def _close(self, tag: str) -> None:
        frame = self._frames.pop()
        if tag == "block" and self.here.kind is Kind.NAME:
            self.take()
        if frame.close is None:
            self._frames[-1].pieces += frame.pieces
        else:
            frame.close(_joined(frame.pieces, frame.at))

    def _plain(self, name: str, at: int) -> None:
        """break, continue, debug: nothing follows."""

    def _do(self, name: str, at: int) -> None:
        self._judged(self.sequence())

    def _print(self, name: str, at: int) -> None:
        while self.here.kind is not Kind.END:
            self._frames[-1].pieces.append(self._judged(self.expression()))
            if not self.skips(","):
                break

    def _load(self, name: str, at: int) -> None:
        self._made.loads.append(Load(name, self._judged(self.expression()), at))
        if name == "import":
            self.want("as")
            self.name()
        elif name == "from":
            self.want("import")
            while self.here.kind is Kind.NAME and self.following.value != "context":
                self.name()
                if self.skips("as"):
                    self.name()
                if not self.skips(","):
                    break
        elif self.skips("ignore"):
            self.want("missing")
        if self.sees("with", "without"):
            self.take()
            self.want("context")

    def _if(self, name: str, at: int) -> None:
        self._judged(self.sequence())
        self._open(name, at)

    def _for(self, name: str, at: int) -> None:
        target = self.target("in")
        self.want("in")
        value = self._judged(self.sequence("recursive", choice=False))
        self._made.bindings.append(Binding(target, value, each=True))
        if self.skips("if"):
            self._judged(self.expression())
        self.skips("recursive")
        self._open(name, at)

    def _set(self, name: str, at: int) -> None:
        target = self.target("=")
        if self.skips("="):
            self._made.bindings.append(Binding(target, self._judged(self.sequence())))
            return
        filters = self.filters()

        def close(body: Expr) -> None:
            value = Chain(body, filters, at) if filters else body
            self._made.bindings.append(Binding(target, self._judged(value)))

        self._open(name, at, close)

    def _filter(self, name: str, at: int) -> None:
        filters = (self.one_filter(), *self.filters())

        def close(body: Expr) -> None:
            self._frames[-1].pieces.append(self._judged(Chain(body, filters, at)))

        self._open(name, at, close)

    def _with(self, name: str, at: int) -> None:
        while self.here.kind is not Kind.END and not self.sees(":"):
            target = self.target("=")
            self.want("=")
            self._made.bindings.append(Binding(target, self._judged(self.expression())))
            if not self.skips(","):
                break
        self._open(name, at)

    def _macro(self, name: str, at: int) -> None:
        macro = self.name()
        parameters = self._signature()

        def close(body: Expr) -> None:
            self._made.macros.append(Macro(macro, parameters, body))

        self._open(name, at, close)

    def _call(self, name: str, at: int) -> None:
        parameters = self._signature() if self.sees("(") else ()
        called = self._judged(self.expression())
        if not isinstance(called, Chain) or not isinstance(called.steps[-1], Call):
            raise NotATemplate("a call block without a call", at)

        def close(body: Expr) -> None:
            self._made.macros.append(Macro("caller", parameters, body))
            self._frames[-1].pieces.append(called)

        self._open(name, at, close)

    def _signature(self) -> tuple[str, ...]:
        names = []
        self.want("(")
        while not self.sees(")"):
            at = self.here.at
            names.append(self.name())
            if self.skips("="):
                self._made.bindings.append(Binding(Name(names[-1], at), self._judged(self.expression())))
            if not self.skips(","):
                break
        self.want(")")
        return tuple(names)

    def _block(self, name: str, at: int) -> None:
        if name == "block":
            self.name()
            self.skips("scoped")
            self.skips("required")
        elif name == "autoescape":
            self._judged(self.expression())
        self._open(name, at)

    def _trans(self, name: str, at: int) -> None:
        """https://jinja.palletsprojects.com/en/stable/templates/#i18n"""
        if self.here.kind is Kind.TEXT:
            self.take()
        while self.here.kind is Kind.NAME:
            variable, where = self.name(), self.here.at
            if self.skips("="):
                self._made.bindings.append(Binding(Name(variable, where), self._judged(self.expression())))
            self.skips(",")
        self._open(name, at)


def _joined(pieces: list[Expr], at: int) -> Expr:
    if len(pieces) == 1:
        return pieces[0]
    return Operation(("~",) * (len(pieces) - 1), tuple(pieces), at) if pieces else Const("", at)


_Read: TypeAlias = Callable[[_Parser, str, int], None]
_SIMPLE: dict[str, _Read] = {
    **dict.fromkeys(("break", "continue", "debug"), _Parser._plain),
    **dict.fromkeys(("include", "import", "from", "extends"), _Parser._load),
    "do": _Parser._do,
    "print": _Parser._print,
}
_BLOCKS: dict[str, _Read] = {
    **dict.fromkeys(("block", "autoescape", "generation"), _Parser._block),
    "if": _Parser._if,
    "for": _Parser._for,
    "set": _Parser._set,
    "filter": _Parser._filter,
    "with": _Parser._with,
    "macro": _Parser._macro,
    "call": _Parser._call,
    "trans": _Parser._trans,
}
