"""What each name of a module may stand for: its bindings, by scope. Nothing is run.

https://docs.python.org/3/reference/executionmodel.html#naming-and-binding
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Position = tuple[int, int]
"""Line and byte, as in the tree."""

Kind = Literal["import", "value", "item", "parameter", "class", "self", "other"]
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_START: Position = (0, 0)
_CONDITIONAL = frozenset({
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.Match,
    ast.IfExp, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
})  # fmt: skip
_OPENING = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})
_BINDING = frozenset({
    ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.AugAssign, ast.For, ast.AsyncFor,
    ast.comprehension, ast.withitem, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.Global, ast.Nonlocal, ast.Call,
})  # fmt: skip
_NOTED = frozenset({ast.Expr, ast.Constant, ast.Call, ast.Dict, ast.JoinedStr})
_SKIPPED = frozenset({
    ast.Name, ast.Load, ast.Store, ast.Del, ast.Pass, ast.Break, ast.Continue, ast.alias,
})  # fmt: skip
"""They hold nothing."""
_UPDATES = frozenset({"update", "setdefault", "pop", "popitem", "clear"})


class Binding(NamedTuple):
    """One way in which a name gets a value."""

    at: Position
    kind: Kind
    node: ast.expr | None = None
    """The value, or what it is an item of; None: nothing is known."""
    scope: Scope | None = None
    """Where *node* stands; of a class or self, its own."""
    path: str = ""
    """What an import names."""
    part: tuple[int, int] | None = None
    """Which of how many parts of the value, where it is taken apart."""
    is_certain: bool = False
    """Whoever reaches the end of the scope has passed it once."""


@dataclass(slots=True, eq=False)
class Scope:
    kind: Literal["module", "function", "class"]
    outer: Scope | None = None
    names: dict[str, list[Binding]] = field(default_factory=dict)
    """Attributes that are assigned stand here under their dotted name."""
    updates: dict[str, list[tuple[ast.expr | None, ast.expr]]] = field(default_factory=dict)
    """By the name of a dictionary: (key, value) of an item that is set; without a key, another dictionary."""
    stars: list[str] = field(default_factory=list)
    bases: list[ast.expr] = field(default_factory=list)
    """Of a class; they stand in the scope around it."""
    foreign: set[str] = field(default_factory=set)
    """Names that are declared global or nonlocal."""

    def holder(self, name: str) -> Scope | None:
        """The scope whose *name* is meant here: https://docs.python.org/3/reference/executionmodel.html#resolution-of-names"""
        scope: Scope | None = self
        while scope is not None and not (name in scope.names and (scope is self or scope.kind != "class")):
            scope = scope.outer
        return scope

    @property
    def root(self) -> Scope:
        scope = self
        while scope.outer is not None:
            scope = scope.outer
        return scope

    def outwards(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    @property
    def owner(self) -> Scope | None:
        """The class that it stands in."""
        scope: Scope | None = self
        while scope is not None and scope.kind != "class":
            scope = scope.outer
        return scope


def reaching(bindings: list[Binding], at: Position | None) -> list[Binding]:
    """Those that a use at *at* in the same scope may see; without *at*, it may come at any time."""
    if at is None:
        return bindings
    last = max((number for number, one in enumerate(bindings) if one.is_certain and one.at <= at), default=None)
    if last is None:
        return bindings
    return [one for number, one in enumerate(bindings) if number == last or (number > last and not one.is_certain)]


@dataclass(slots=True)
class Module:
    """Everything of interest in it, with the scope that it stands in."""

    root: Scope = field(default_factory=lambda: Scope("module"))
    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    texts: list[tuple[ast.Constant | ast.JoinedStr, Scope]] = field(default_factory=list)
    """Without docstrings and the parts of f-strings."""
    tables: list[tuple[ast.Dict, Scope]] = field(default_factory=list)
    options: dict[str, list[tuple[ast.expr, Scope]]] = field(default_factory=dict)
    """What the options of a command line are unless it says otherwise, by the name of the attribute."""


def read_module(tree: ast.Module) -> Module:
    return _Reader(tree).module


class _Reader:
    """Goes down with a stack of its own: chains of elif and of + nest deeper than Python calls may."""

    def __init__(self, tree: ast.Module) -> None:
        self.module = Module()
        self._stack: list[tuple[ast.AST, Scope, bool]] = []
        self._push(tree.body, self.module.root, True)
        while self._stack:
            node, scope, certain = self._stack.pop()
            kind = type(node)
            if kind in _BINDING:
                _bind_in(node, scope, certain)
            if kind in _OPENING:
                self._open(node, scope, certain)
            elif not (kind in _NOTED and self._is_noted(node, scope)):
                self._push(_children(node), scope, certain and kind not in _CONDITIONAL)

    def _push(self, nodes: Sequence[ast.AST], scope: Scope, certain: bool) -> None:
        self._stack.extend([(node, scope, certain) for node in reversed(nodes)])

    def _open(self, node: ast.AST, scope: Scope, certain: bool) -> None:
        if isinstance(node, ast.ClassDef):
            self._class(node, scope, certain)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            self._function(node, scope, certain)

    def _is_noted(self, node: ast.AST, scope: Scope) -> bool:
        """Whether nothing in it is of interest any more."""
        match node:
            case ast.Expr(value=ast.Constant()):  # a docstring, or a text instead of a comment
                return True
            case ast.Constant(value=str()):
                self.module.texts.append((node, scope))
            case ast.Call():
                self.module.calls.append((node, scope))
                if isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument":
                    self._option(node, scope)
            case ast.Dict():
                self.module.tables.append((node, scope))
            case ast.JoinedStr():
                self.module.texts.append((node, scope))
                self._push([part for part in node.values if not isinstance(part, ast.Constant)], scope, False)
                return True
        return False

    def _option(self, node: ast.Call, scope: Scope) -> None:
        """https://docs.python.org/3/library/argparse.html#the-add-argument-method"""
        words = {word.arg: word.value for word in node.keywords}
        names = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        name = next((one for one in names if one.startswith("--")), names[0] if names else "")
        target = words.get("dest")
        if isinstance(target, ast.Constant) and isinstance(target.value, str):
            name = target.value
        if "default" in words:
            self.module.options.setdefault(name.lstrip("-").replace("-", "_"), []).append((words["default"], scope))

    def _function(self, node: Function, scope: Scope, certain: bool) -> None:
        inner = Scope("function", scope)
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        defaults += [*arguments.defaults, *arguments.kw_defaults]
        for parameter, default in zip([*positional, *arguments.kwonlyargs], defaults, strict=True):
            inner.names[parameter.arg] = [Binding(_START, "parameter", default, scope, is_certain=True)]
        for rest in (arguments.vararg, arguments.kwarg):
            if rest:
                inner.names[rest.arg] = [Binding(_START, "other", is_certain=True)]
        given: list[ast.expr] = [value for value in (*arguments.defaults, *arguments.kw_defaults) if value]
        if isinstance(node, ast.Lambda):
            self._push([node.body], inner, True)
        else:
            _add(scope, node.name, Binding(_end(node), "other", is_certain=certain))
            if scope.kind == "class" and positional and not _is_static(node):
                inner.names[positional[0].arg] = [Binding(_START, "self", scope=scope, is_certain=True)]
            self._push(node.body, inner, True)
            given += node.decorator_list
        self._push(given, scope, False)

    def _class(self, node: ast.ClassDef, scope: Scope, certain: bool) -> None:
        inner = Scope("class", scope, bases=list(node.bases))
        _add(scope, node.name, Binding(_end(node), "class", scope=inner, is_certain=certain))
        self._push(node.body, inner, True)
        self._push([*node.bases, *node.keywords, *node.decorator_list], scope, certain)


def _children(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [one for one in value if isinstance(one, ast.AST) and type(one) not in _SKIPPED]
        elif isinstance(value, ast.AST) and type(value) not in _SKIPPED:
            found.append(value)
    return found


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)


def _end(node: ast.AST) -> Position:
    return getattr(node, "end_lineno", 0) or 0, getattr(node, "end_col_offset", 0) or 0


def _add(scope: Scope, name: str, binding: Binding) -> None:
    if name in scope.foreign:
        holder = scope.outer.holder(name) if scope.outer else None
        scope, binding = holder or scope.root, binding._replace(is_certain=False)
    scope.names.setdefault(name, []).append(binding)


def _bind_in(node: ast.AST, scope: Scope, certain: bool) -> None:
    """What *node* itself binds; what stands in it is visited by itself."""
    at = _end(node)
    match node:
        case ast.Import() | ast.ImportFrom():
            _import(node, scope, certain)
        case ast.Assign():
            for target in node.targets:
                _assign(target, Binding(at, "value", node.value, scope, is_certain=certain), scope)
        case ast.AnnAssign(value=ast.expr()) | ast.NamedExpr():
            is_certain = certain and isinstance(node, ast.AnnAssign)
            _assign(node.target, Binding(at, "value", node.value, scope, is_certain=is_certain), scope)
        case ast.AugAssign():
            if isinstance(node.target, ast.Name) and isinstance(node.op, ast.BitOr):
                scope.updates.setdefault(node.target.id, []).append((None, node.value))
            else:
                _assign(node.target, Binding(at, "other"), scope)
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            _assign(node.target, Binding(_end(node.target), "item", node.iter, scope), scope)
        case ast.withitem(optional_vars=ast.expr() as held):
            _assign(held, Binding(_end(held), "value", node.context_expr, scope, is_certain=certain), scope)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            _add(scope, name, Binding(at, "other"))
        case ast.Global() | ast.Nonlocal():
            scope.foreign.update(node.names)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _UPDATES:
            _update(node, name, attr, scope)


def _import(node: ast.Import | ast.ImportFrom, scope: Scope, certain: bool) -> None:
    at = _end(node)
    module = "." * node.level + (node.module or "") + "." if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        path = module + alias.name
        if alias.name == "*":
            scope.stars.append(module)
        elif isinstance(node, ast.Import) and not alias.asname:
            first = path.partition(".")[0]
            _add(scope, first, Binding(at, "import", path=first, is_certain=certain))
        else:
            _add(scope, alias.asname or alias.name, Binding(at, "import", path=path, is_certain=certain))


def _assign(target: ast.expr, binding: Binding, scope: Scope) -> None:
    match target:
        case ast.Name():
            _add(scope, target.id, binding)
        case ast.Tuple() | ast.List():
            for part, value in _paired(target.elts, binding):
                _assign(part, value, scope)
        case ast.Starred():
            _assign(target.value, Binding(binding.at, "other"), scope)
        case ast.Attribute(value=ast.Name(id=name)):
            owner = next((one.scope for one in scope.names.get(name, ()) if one.kind == "self"), None)
            if owner is not None:
                _add(owner, target.attr, binding._replace(is_certain=False))
            else:
                _add(scope, f"{name}.{target.attr}", binding)
        case ast.Subscript(value=ast.Name(id=name)) if binding.node is not None and binding.kind == "value":
            scope.updates.setdefault(name, []).append((target.slice, binding.node))


def _paired(targets: list[ast.expr], binding: Binding) -> Iterator[tuple[ast.expr, Binding]]:
    value = binding.node
    if binding.kind == "value" and isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(targets):
        for target, part in zip(targets, value.elts, strict=True):
            yield target, binding._replace(node=part)
    else:
        is_plain = binding.part is None and not any(isinstance(target, ast.Starred) for target in targets)
        for number, target in enumerate(targets):
            place = (number, len(targets))
            yield target, binding._replace(part=place) if is_plain else binding._replace(kind="other", part=None)


def _update(node: ast.Call, name: str, attr: str, scope: Scope) -> None:
    updates = scope.updates.setdefault(name, [])
    if attr in ("pop", "popitem", "clear"):
        updates.append((None, ast.Constant(None)))  # what is left is not known
    elif attr == "setdefault" and len(node.args) == 2:
        updates.append((node.args[0], node.args[1]))
    else:
        updates.extend((None, argument) for argument in node.args)
        updates.extend((ast.Constant(word.arg) if word.arg else None, word.value) for word in node.keywords)
