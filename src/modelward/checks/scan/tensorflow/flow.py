"""Where the texts come from that reach an operator: written in the graph, given by the caller, or computed."""

from __future__ import annotations

from dataclasses import dataclass, field

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken
from modelward.formats.source import Budget
from modelward.formats.tensorflow import LONGEST_NAME, Node, Scope, node_of, nodes, read_node, text, texts

_MOST_NODES = 200_000
_MOST_STEPS = 200
_MOST_TEXTS = 100
_GIVEN = frozenset({"Placeholder", "PlaceholderV2", "_Arg", "_DeviceArg"})
_PASSING = {
    "Identity": slice(1), "PlaceholderWithDefault": slice(1), "ShardedFilename": slice(1), "Reshape": slice(1),
    "ExpandDims": slice(1), "StringJoin": slice(None), "Pack": slice(None), "Select": slice(1, 3),
    "SelectV2": slice(1, 3),
}  # fmt: skip
"""Operators that give one of these inputs, or put them together."""


_READ, _ASSIGN = "ReadVariableOp", "AssignVariableOp"


@dataclass(frozen=True, slots=True)
class Origin:
    texts: tuple[str, ...] = ()
    """The constants that go into it."""
    nodes: tuple[str, ...] = ()
    """Theirs, in the same order."""
    given: bool = False
    """By who calls the function, or feeds the graph."""
    computed: bool = False
    """By operators that make of a text what they like."""
    arguments: frozenset[str] = frozenset()
    """Of the function, which it is given in."""

    def __str__(self) -> str:
        shown = ", ".join(repr(one) for one in self.texts)
        return shown or (
            "computed in the graph" if self.computed else "given when it runs" if self.given else "nothing"
        )


@dataclass(slots=True)
class Flow:
    """The nodes of one scope that texts pass through."""

    source: Source
    scope: Scope
    budget: Budget
    """Nodes that may still be read, in all scopes together: a few nodes can lead to many."""
    complete: bool = True
    """False: there were more of them than are kept, or read."""
    _known: dict[str, Origin] = field(default_factory=dict)
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)
    _assigned: dict[str, set[str]] = field(default_factory=dict)
    """What variables are set to in this scope."""

    def add(self, node: Node) -> None:
        if _ASSIGN in node.operators and len(node.inputs) > 1:
            values = self._assigned.setdefault(node_of(node.inputs[0]), set())
            values.add(node.inputs[1])
            if len(values) > _MOST_TEXTS or len(self._assigned) > _MOST_NODES:
                values.clear()
                self.complete = False
        known = any(name in ("Const", _READ) or name in _GIVEN or name in _PASSING for name in node.operators)
        if not known:
            return
        if len(self._places) < _MOST_NODES:
            self._places[node.name] = (node.start, node.end)
        else:
            self.complete = False

    def origin(self, tensor: str) -> Origin:
        """Raises Broken."""
        if tensor not in self._known:
            self._known[tensor] = self._origin(tensor)
        return self._known[tensor]

    def _origin(self, tensor: str) -> Origin:
        found: dict[tuple[str, str], None] = {}
        arguments: set[str] = set()
        given = computed = False
        todo, seen = [tensor], {tensor}
        while todo:
            name = node_of(todo.pop())
            place = self._places.get(name)
            if place is None:
                if name in self.scope.arguments:
                    arguments.add(name)
                else:
                    computed = True
                continue
            if not self.budget.spend(1):
                self.complete = False
                return Origin(computed=True)
            node = read_node(self.source, *place)
            if set(node.operators) & _GIVEN:
                given = True
            elif "Const" in node.operators:
                values = self._constants(node)
                computed = computed or not values
                found.update(dict.fromkeys((value, name) for value in values))
            else:
                passed = self._passed(node)
                computed = computed or (_READ in node.operators and not passed)
                inputs = passed - seen
                seen |= inputs
                todo += sorted(inputs)
            if len(seen) > _MOST_STEPS:
                return Origin(computed=True)
        constants, nodes = (tuple(one[side] for one in found) for side in (0, 1))
        return Origin(constants, nodes, given or bool(arguments), computed, frozenset(arguments))

    def _passed(self, node: Node) -> set[str]:
        """What *node* gives on. A name that begins with ^ orders the nodes, and passes nothing."""
        data = [one for one in node.inputs if not one.startswith("^")]
        inputs = {one for name in node.operators if name in _PASSING for one in data[_PASSING[name]]}
        if _READ in node.operators and data:
            inputs |= self._assigned.get(node_of(data[0]), set())
        return inputs

    def _constants(self, node: Node) -> list[str]:
        found = [text(self.source, one.start, one.end) for one in texts(self.source, node) if one.attribute == "value"]
        return found[:_MOST_TEXTS] if len(found) <= _MOST_TEXTS else []


def flow_of(source: Source, scope: Scope, budget: Budget) -> Flow:
    """Of all nodes in *scope*."""
    flow = Flow(source, scope, budget)
    for node in nodes(source, scope):
        if isinstance(node, Node):
            flow.add(node)
        else:
            flow.complete = False
    return flow


def attribute(source: Source, node: Node, name: str) -> Origin:
    """The texts that attribute *name* holds; none where it has its default."""
    try:
        held = [text(source, one.start, one.end) for one in texts(source, node) if one.attribute == name]
    except Broken:
        return Origin(computed=True)
    return Origin(tuple(one[:LONGEST_NAME] for one in held[:_MOST_TEXTS]), computed=len(held) > _MOST_TEXTS)
