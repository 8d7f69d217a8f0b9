"""What a module loads by name, and whether that is pinned."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from modelward.checks.pins import rules
from modelward.checks.pins.audit import wanted
from modelward.checks.pins.audit.arguments import Arguments, shown
from modelward.checks.pins.audit.evaluator import Evaluator
from modelward.checks.pins.audit.load import TRUST, Load, finding
from modelward.checks.pins.audit.loaders import PACKAGES, Loader, loader_of
from modelward.checks.pins.audit.others import WAYS
from modelward.checks.pins.audit.proposals import Pins
from modelward.checks.pins.audit.repositories import of_address
from modelward.checks.pins.audit.scopes import Module, Position, Scope, read_module
from modelward.checks.pins.audit.values import Known, Own, Partial, Ref, Text
from modelward.core.finding import Finding, Location, Unexamined

Said = tuple[Position, Finding | Unexamined]

_ANY = Loader("", "")
"""What is taken for a loader because its method is called from_pretrained."""


def examine(tree: ast.Module, pins: Pins) -> list[Said]:
    """All that *tree* says, in the order of the text."""
    judge = _Judge(read_module(tree), pins)
    return sorted(dict.fromkeys(judge.said()), key=lambda said: said[0])


class _Judge:
    def __init__(self, module: Module, pins: Pins) -> None:
        self._module, self._pins = module, pins
        self._evaluator = Evaluator(module.options)
        self._is_hub_code = any(
            one.path.startswith(PACKAGES)
            for names in module.root.names.values()
            for one in names
            if one.kind == "import"
        ) or any(star.startswith(PACKAGES) for star in module.root.stars)
        self._saved = self._saved_names()
        self._consumed: set[int] = set()
        """Texts and dictionaries that were judged as arguments of a call."""

    def said(self) -> Iterator[Said]:
        for call, scope in self._module.calls:
            at = (call.lineno, call.col_offset)
            yield from ((at, finding) for finding in dict.fromkeys(self._call(call, scope)))
        yield from self._tables()
        yield from self._texts()
        if self._evaluator.is_exhausted:
            why = "its values depend on each other in more ways than are followed"
            yield (1, 0), Unexamined(Location(None), why, "split the file")

    def _saved_names(self) -> frozenset[str]:
        """Folders that this very module writes models to."""
        calls = [call for call, _ in self._module.calls if isinstance(call.func, ast.Attribute)]
        saves = [call for call in calls if str(call.func.attr).startswith("save_")]  # type: ignore[attr-defined]
        first = [call.args[0] for call in saves if call.args]
        return frozenset(one.value for one in first if isinstance(one, ast.Constant) and isinstance(one.value, str))

    def _call(self, call: ast.Call, scope: Scope) -> Iterator[Finding]:
        known = False
        for callee in self._evaluator.of(call.func, scope):
            target = callee.of if isinstance(callee, Partial) else callee
            loader = loader_of(target.path) if isinstance(target, Ref) else None
            if loader is not None and isinstance(target, Ref):
                known = True
                arguments = Arguments.of(call, scope, self._evaluator, callee)
                yield from self._loaded(loader, target.path, arguments)
        if not known:
            yield from self._handed_on(call, scope)
            yield from self._not_known(call, scope)

    def _consume(self, nodes: Iterable[ast.AST]) -> None:
        """What stands in calls among the arguments is judged by itself."""
        left = list(nodes)
        while left:
            node = left.pop()
            if not isinstance(node, ast.Call):
                self._consumed.add(id(node))
                left.extend(ast.iter_child_nodes(node))

    def _handed_on(self, call: ast.Call, scope: Scope) -> Iterator[Finding]:
        """To a pool, a thread, map or partial: the arguments stand behind it."""
        for number, argument in enumerate(call.args):
            if not isinstance(argument, (ast.Name, ast.Attribute)):
                continue
            for value in self._evaluator.of(argument, scope):
                loader = loader_of(value.path) if isinstance(value, Ref) else None
                if loader and isinstance(value, Ref) and value.path.rpartition(".")[2].islower():
                    arguments = Arguments.of(call, scope, self._evaluator, skip=number + 1)
                    names = loader.name.split(",")
                    if any(arguments.get(name, loader.position) for name in names):
                        yield from self._loaded(loader, value.path, arguments)

    def _not_known(self, call: ast.Call, scope: Scope) -> Iterator[Finding]:
        """A call of something that no line of the table has: it may load by name all the same."""
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        arguments = Arguments.of(call, scope, self._evaluator)
        load = Load(_ANY, shown(call.func), arguments, self._pins, self._saved)
        if TRUST in arguments.words and load.trust() == "yes":
            yield finding(rules.TRUSTED_CODE, f"{load.callee} is called with {TRUST}=True")
        if method != "from_pretrained" or load.state().is_pinned or not self._may_load(call, scope):
            return
        values, expression = load.names()
        texts = [one.value for one in values if isinstance(one, Known) and isinstance(one.value, str)]
        loaded = [text for text in texts if ("/" in text or self._is_hub_code) and load.where(text, False) == "hub"]
        is_unknown = self._is_hub_code and not texts and any(isinstance(one, Text) for one in values)
        if loaded or is_unknown:
            what = repr(loaded[0]) if loaded else expression
            message = (
                f"{load.callee} may load {what} from a hub, {load.state().said}; where it is from is not known here"
            )
            yield finding(rules.UNKNOWN_LOAD, message, loads=what)

    def _may_load(self, call: ast.Call, scope: Scope) -> bool:
        """Whether the class may be one that loads from a hub: it is not of this module, or of Python itself."""
        values = self._evaluator.of(call.func, scope)
        is_own = all(isinstance(one, Own) for one in self._evaluator.of(getattr(call.func, "value", None), scope))
        return any(isinstance(one, Ref) or (isinstance(one, Text) and not is_own) for one in values)

    def _loaded(self, loader: Loader, path: str, arguments: Arguments) -> Iterator[Finding]:
        load = Load(loader, path.replace("()", ""), arguments, self._pins, self._saved)
        yield from WAYS[loader.how](load)
        self._consume(arguments.nodes(loader.name.split(","), loader.position))
        self._consumed |= arguments.dictionaries

    # -- texts and dictionaries that stand for themselves

    def _tables(self) -> Iterator[Said]:
        for table, scope in self._module.tables:
            for key, value in zip(table.keys, table.values, strict=True):
                if not isinstance(key, ast.Constant) or key.value != TRUST or id(table) in self._consumed:
                    continue
                if any(isinstance(one, Known) and one.value for one in self._evaluator.of(value, scope)):
                    message = f"a dictionary sets {TRUST}=True for whoever gets it"
                    yield (key.lineno, key.col_offset), finding(rules.TRUSTED_CODE, message)

    def _texts(self) -> Iterator[Said]:
        """Addresses of files on a hub, whoever reads them: pandas, polars, requests, duckdb."""
        for node, scope in self._module.texts:
            if id(node) in self._consumed:
                continue
            text = node.value if isinstance(node, ast.Constant) else self._template(node, scope)
            if isinstance(text, str) and ("hf://" in text or "/resolve/" in text or "/raw/" in text):
                ref = wanted.on_hub(text)
                is_file = bool(ref and ref.path) or (text.startswith("hf://") and text.endswith("/"))
                for found in of_address("the code", ref, self._pins) if ref and is_file else ():
                    yield (node.lineno, node.col_offset), found

    def _template(self, node: ast.JoinedStr, scope: Scope) -> str:
        text = ""
        for part in node.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            values = self._evaluator.of(inner, scope)
            text += str(values[0].value) if len(values) == 1 and isinstance(values[0], Known) else "{}"
        return text
