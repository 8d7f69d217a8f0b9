"""What an expression may be worth, as far as its module shows.

Every value that is possible is given, and `Text()`, of which nothing is known, where there are others.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from modelward.checks.pins.audit.scopes import Binding, Position, Scope, reaching
from modelward.checks.pins.audit.values import (
    UNKNOWN,
    Known,
    Local,
    Own,
    Partial,
    Ref,
    Several,
    Table,
    Text,
    Value,
    Values,
    items_of,
    key_of,
    keys_of,
)

_MOST = 40
"""Values of one expression."""
_DEEPEST = 80
_STEPS = 200_000
"""Expressions of one module, those counted again that are needed again."""

_BUILTINS = frozenset("__import__ dict enumerate get_ipython getattr open str super".split())
_PATHS = ("pathlib.", "tempfile.", "os.getcwd", "os.path.", "tkinter.filedialog.", "glob.glob", "platformdirs.")
_SAME = frozenset({"builtins.str", "os.fspath", "copy.copy", "copy.deepcopy", "typing.cast", "shlex.split"})
_PARTIALS = frozenset({"functools.partial", "functools.partialmethod"})
_ENVIRONMENT = frozenset({"os.environ.get", "os.getenv"})
_PARSED = (".parse_args()", ".parse_known_args()[]")
_UNBOUND = Text()


class Evaluator:
    def __init__(self, options: Mapping[str, list[tuple[ast.expr, Scope]]]) -> None:
        self._options = options
        self._active: set[tuple[int, int]] = set()
        self._steps = _STEPS
        self._cuts = 0
        self._known: dict[tuple[int, int], Values] = {}

    @property
    def is_exhausted(self) -> bool:
        return self._steps < 0

    def of(self, node: ast.expr | None, scope: Scope) -> Values:
        """All that *node* may be worth in *scope*."""
        key = (id(node), id(scope))
        if key in self._known:
            return self._known[key]
        how = _HOW.get(type(node))
        if node is None or how is None:
            return UNKNOWN
        self._steps -= 1
        if key in self._active:  # it is made of itself: what else it may be is found around here
            return UNKNOWN
        if len(self._active) >= _DEEPEST or self._steps < 0:
            self._cuts += 1
            return UNKNOWN
        cuts = self._cuts
        self._active.add(key)
        found = tuple(dict.fromkeys(how(self, node, scope)))
        self._active.discard(key)
        if len(found) > _MOST:
            found = (*found[:_MOST], Text())
        if cuts == self._cuts:
            self._known[key] = found
        return found

    # -- names

    def _name(self, node: ast.Name, scope: Scope) -> Iterator[Value]:
        yield from self.named(node.id, (node.lineno, node.col_offset), scope)

    def named(self, name: str, at: Position, scope: Scope) -> Iterator[Value]:
        holder = scope.holder(name)
        if holder is None:
            stars = [star for around in scope.outwards() for star in around.stars]
            yield from (Ref(star + name) for star in stars)
            yield Ref(f"builtins.{name}") if name in _BUILTINS else _UNBOUND
            return
        updates = holder.updates.get(name, []) + (scope.updates.get(name, []) if scope is not holder else [])
        for binding in reaching(holder.names[name], at if holder is scope else None):
            for value in self._part(binding):
                yield self._updated(value, updates, holder) if updates and isinstance(value, Table) else value

    def _part(self, binding: Binding) -> Iterator[Value]:
        for value in self._bound(binding):
            if binding.part is None:
                yield value
            elif isinstance(value, Several) and len(value.items) == binding.part[1]:
                yield value.items[binding.part[0]]
            else:
                yield from items_of(value)

    def _bound(self, binding: Binding) -> Iterator[Value]:
        match binding.kind, binding.scope:
            case "import", _:
                yield Ref(binding.path)
            case (("class" | "self"), Scope() as own):
                yield Own(own)
            case "value", Scope() as scope:
                yield from self.of(binding.node, scope)
            case "parameter", Scope() as scope:
                yield from self.of(binding.node, scope) if binding.node else ()
                yield Text()
            case "item", Scope() as scope:
                for value in self.of(binding.node, scope):
                    yield from items_of(keys_of(value) if isinstance(value, Table) else value)
            case _:
                yield Text()

    def _updated(self, table: Table, updates: Iterable[tuple[ast.expr | None, ast.expr]], scope: Scope) -> Table:
        """Whether an item was set before or after is not followed: it may be either."""
        items, is_whole = list(table.items), table.is_whole
        for key, value in updates:
            for one in self.of(key, scope) if key else self.of(value, scope):
                if key is not None and isinstance(one, Known):
                    items.append((one.value, self.of(value, scope)))
                elif key is None and isinstance(one, Table):
                    items += one.items
                    is_whole = is_whole and one.is_whole
                else:
                    is_whole = False
        return Table(tuple(items[: _MOST * 10]), is_whole and len(items) <= _MOST * 10, table.nodes)

    # -- attributes

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Iterator[Value]:
        if isinstance(node.value, ast.Name):
            dotted = f"{node.value.id}.{node.attr}"
            if scope.holder(dotted):
                yield from self.named(dotted, (node.lineno, node.col_offset), scope)
                for value in self.of(node.value, scope):  # set there besides what the class says
                    yield from self.attribute(value, node.attr) if isinstance(value, Own) else ()
                return
        for value in self.of(node.value, scope):
            yield from self.attribute(value, node.attr)

    def attribute(self, value: Value, name: str) -> Iterator[Value]:
        match value:
            case Ref(path=path) if path.endswith(_PARSED):
                yield from (one for node, scope in self._options.get(name, ()) for one in self.of(node, scope))
                yield Text()
            case Ref():
                yield Ref(f"{value.path}.{name}")
            case Own(scope=own) if name in own.names:
                for binding in own.names[name]:
                    yield from self._part(binding)
            case Own(scope=own):
                for base in self._bases(own):
                    yield from self.attribute(base, name)
            case Local():
                yield Local()
            case _:
                yield Text()

    def _bases(self, own: Scope) -> Iterator[Value]:
        for base in own.bases:
            yield from self.of(base, own.outer or own)

    # -- calls

    def _call(self, node: ast.Call, scope: Scope) -> Iterator[Value]:
        for callee in self.of(node.func, scope):
            match callee:
                case Ref(path=path):
                    yield from self._result(path, node, scope)
                case Own():
                    yield callee
                case Partial(of=Ref(path=path)):
                    yield Ref(f"{path}()")
                case Local():
                    yield Local()
                case _:
                    yield from self._method(node, scope)

    def _result(self, path: str, node: ast.Call, scope: Scope) -> Iterator[Value]:
        """Of a call of something that another module, or Python itself, has."""
        arguments = node.args
        if path in _PARTIALS and arguments:
            yield from (Partial(value, node, scope) for value in self.of(arguments[0], scope))
        elif path == "builtins.getattr" and len(arguments) > 1:
            for name in self.of(arguments[1], scope):
                for value in self.of(arguments[0], scope):
                    known = name.value if isinstance(name, Known) else "*"
                    yield from self.attribute(value, str(known))
        elif path in ("builtins.__import__", "importlib.import_module") and arguments:
            for name in self.of(arguments[0], scope):
                yield Ref(name.value) if isinstance(name, Known) and isinstance(name.value, str) else Text()
        elif path == "builtins.super" and scope.owner:
            yield from self._bases(scope.owner)
        elif path == "builtins.dict":
            yield from self._made(node, scope)
        elif path in _SAME and arguments:
            yield from self.of(arguments[-1], scope)
        elif path == "builtins.enumerate" and arguments:
            for value in self.of(arguments[0], scope):
                yield Several(tuple(Several((Text(), one)) for one in items_of(value)))
        elif path.endswith(".get") or path == "os.getenv":
            yield from self._looked_up(node, scope, path in _ENVIRONMENT)
        elif path == "os.path.join":
            yield self._joined_path(arguments, scope)
        elif path.startswith(_PATHS):
            yield Local()
        else:
            yield Ref(f"{path}()")

    def _method(self, node: ast.Call, scope: Scope) -> Iterator[Value]:
        """Of texts and dictionaries, as far as it matters."""
        if not isinstance(node.func, ast.Attribute):
            yield Text()
            return
        for value in self.of(node.func.value, scope):
            match value, node.func.attr:
                case Known(value=str(text)), "format":
                    yield Text(text.partition("{")[0])
                case ((Known(value=str()) | Text()), ("strip" | "split")):
                    yield value
                case Table(), "copy":
                    yield value
                case Table(), "keys":
                    yield keys_of(value)
                case Table(), "values":
                    yield Several(tuple(items_of(value)))
                case Table(items=items, is_whole=whole), "items":
                    pairs = [Several((key_of(key), one)) for key, values in items for one in values]
                    yield Several((*pairs, *(() if whole else UNKNOWN)))
                case Table(), "get" if node.args:
                    yield from self._subscripted(value, node.args[0], scope)
                    yield from self.of(node.args[1], scope) if len(node.args) > 1 else (Known(None),)
                case _, "get":
                    yield from self._looked_up(node, scope)
                case _:
                    yield Text()

    def _looked_up(self, node: ast.Call, scope: Scope, is_default: bool = False) -> Iterator[Value]:
        """In something that is not known: what stands behind the key may be a default, or the name of an option."""
        for value in self.of(node.args[1], scope) if len(node.args) > 1 else ():
            if is_default or (isinstance(value, Known) and "/" in str(value.value)):
                yield value
        yield Text()

    def _made(self, node: ast.Call, scope: Scope) -> Iterator[Table]:
        items: list[tuple[object, Values]] = []
        is_whole = True
        for one in [*node.args, *(word.value for word in node.keywords if word.arg is None)]:
            for value in self.of(one, scope):
                items += value.items if isinstance(value, Table) else ()
                is_whole = is_whole and isinstance(value, Table) and value.is_whole
        items += ((word.arg, self.of(word.value, scope)) for word in node.keywords if word.arg is not None)
        yield Table(tuple(items), is_whole)

    def _joined_path(self, arguments: list[ast.expr], scope: Scope) -> Value:
        parts = [self.of(argument, scope) for argument in arguments]
        texts = [values[0].value for values in parts if len(values) == 1 and isinstance(values[0], Known)]
        if len(texts) == len(arguments) and texts and all(isinstance(text, str) for text in texts):
            return Known(posixpath.join(*(str(text) for text in texts)))
        return Local()

    # -- other expressions

    def _constant(self, node: ast.Constant, scope: Scope) -> Iterator[Value]:
        yield Text() if node.value is ... else Known(node.value)

    def _joined(self, node: ast.JoinedStr, scope: Scope) -> Iterator[Value]:
        text = ""
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            values = self.of(inner, scope)
            plain = not isinstance(part, ast.FormattedValue) or (part.conversion == -1 and part.format_spec is None)
            if len(values) != 1 or not isinstance(values[0], Known) or not plain:
                yield Local() if not text and values and all(isinstance(one, Local) for one in values) else Text(text)
                return
            text += str(values[0].value)
        yield Known(text)

    def _operation(self, node: ast.BinOp, scope: Scope) -> Iterator[Value]:
        left = self.of(node.left, scope)
        for one in left:
            match one, node.op:
                case Local(), (ast.Div() | ast.Add()):
                    yield Local()
                case Known(value=str(start)), ast.Add():
                    for two in self.of(node.right, scope):
                        is_text = isinstance(two, Known) and isinstance(two.value, str)
                        yield Known(start + str(two.value)) if is_text else Text(start)  # type: ignore[union-attr]
                case Known(value=str(start)), ast.Mod():
                    yield Text(start.partition("%")[0])
                case Table(items=items, is_whole=whole), ast.BitOr():
                    for two in self.of(node.right, scope):
                        is_table = isinstance(two, Table)
                        more = two.items if isinstance(two, Table) else ()
                        yield Table((*items, *more), whole and is_table and two.is_whole)  # type: ignore[union-attr]
                case _:
                    yield Text()

    def _either(self, node: ast.IfExp, scope: Scope) -> Iterator[Value]:
        yield from self.of(node.body, scope)
        yield from self.of(node.orelse, scope)

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> Iterator[Value]:
        for number, part in enumerate(node.values):
            is_last = number == len(node.values) - 1
            for value in self.of(part, scope):
                if is_last or not isinstance(value, Known) or bool(value.value) == isinstance(node.op, ast.Or):
                    yield value

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Iterator[Value]:
        for value in self.of(node.value, scope):
            yield from self._subscripted(value, node.slice, scope)

    def _subscripted(self, value: Value, key: ast.expr, scope: Scope) -> Iterator[Value]:
        if not isinstance(value, Table):
            if isinstance(value, Ref) and value.path == "os.environ":
                yield Text()
            else:
                yield from items_of(value)
            return
        for one in self.of(key, scope):
            found = value.get(one.value) if isinstance(one, Known) else ()
            yield from found or items_of(value)

    def _table(self, node: ast.Dict, scope: Scope) -> Iterator[Value]:
        items: list[tuple[object, Values]] = []
        is_whole, nodes = True, {id(node)}
        for key, value in zip(node.keys, node.values, strict=True):
            for one in self.of(key if key else value, scope):
                if key is None and isinstance(one, Table):
                    items += one.items
                    is_whole, nodes = is_whole and one.is_whole, nodes | one.nodes
                elif key is None:
                    is_whole = False
                elif isinstance(one, Known):
                    items.append((one.value, self.of(value, scope)))
                else:
                    items.append((one, self.of(value, scope)))
                    is_whole = False
        yield Table(tuple(items[: _MOST * 10]), is_whole and len(items) <= _MOST * 10, frozenset(nodes))

    def _several(self, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Iterator[Value]:
        yield Several(tuple(value for part in node.elts[: _MOST * 10] for value in self.of(part, scope)))

    def _within(self, node: ast.Await | ast.Starred | ast.NamedExpr, scope: Scope) -> Iterator[Value]:
        yield from self.of(node.value, scope)


_HOW: Mapping[type[Any], Callable[[Evaluator, Any, Scope], Iterator[Value]]] = {
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Call: Evaluator._call,
    ast.Constant: Evaluator._constant,
    ast.JoinedStr: Evaluator._joined,
    ast.BinOp: Evaluator._operation,
    ast.IfExp: Evaluator._either,
    ast.BoolOp: Evaluator._boolean,
    ast.Subscript: Evaluator._subscript,
    ast.Dict: Evaluator._table,
    ast.List: Evaluator._several,
    ast.Tuple: Evaluator._several,
    ast.Set: Evaluator._several,
    ast.Await: Evaluator._within,
    ast.Starred: Evaluator._within,
    ast.NamedExpr: Evaluator._within,
}
