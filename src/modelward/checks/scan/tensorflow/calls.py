"""Who calls the functions that write checkpoints, which is the saver of a model and nobody else, and those that
read files, which are given a path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from modelward.checks.scan.tensorflow.flow import Flow, Origin, flow_of
from modelward.checks.scan.tensorflow.operators import find
from modelward.core.artifact import Source
from modelward.formats.tensorflow import MetaGraph, Node, Scope, node_of, node_places, read_node, scopes, text, texts

_WINDOW = 1 << 18
_MOST_FUNCTIONS = 50
_DEEPEST = 4  # functions that call one another on the way from the saver


def strange_calls(graph: MetaGraph, saving: Mapping[str, Node], main: Flow) -> Iterator[tuple[Node, str]]:
    """The nodes by which one of *saving* is reached by something else than the saver, with what there is
    to say. Raises Broken."""
    if len(saving) > _MOST_FUNCTIONS:
        yield next(iter(saving.values())), f"{len(saving):,} functions write checkpoints"
        return
    wanted = dict(saving)
    seen: set[str] = set()
    for _ in range(_DEEPEST):
        for name in sorted(graph.exposed & wanted.keys()):
            yield wanted[name], f"function {name!r} writes a checkpoint, and whoever loads the model is given it"
        callers: dict[str, Node] = {}
        for scope, node, name in _calls(main.source, graph, set(wanted)):
            if scope.function:
                callers[scope.function] = node
            elif node.name not in graph.savers:
                yield node, f"node {node.name!r} calls {name!r}, which writes a checkpoint, and is not the saver"
            elif not _is_told(graph, node, main):
                yield node, f"node {node.name!r}, the saver, does not take the path that it is given"
        seen |= wanted.keys()
        wanted = {name: node for name, node in callers.items() if name not in seen}
    for name, node in wanted.items():
        yield node, f"function {name!r} leads to one that writes a checkpoint through too many others"


def _is_told(graph: MetaGraph, node: Node, main: Flow) -> bool:
    """The path is what the saver of the meta graph is fed with, and nothing that the graph brings."""
    if not node.inputs or node_of(node.inputs[0]) not in graph.savers:
        return False
    origin = main.origin(node.inputs[0])
    return origin.given and not origin.computed and not origin.texts


def paths_given(
    graph: MetaGraph, takers: Mapping[str, frozenset[int]], main: Flow
) -> Iterator[tuple[Node, Scope, Origin]]:
    """What the functions *takers* are given in the places that they take a path in, by whoever calls them.
    Raises Broken."""
    wanted, seen = dict(takers), set[str]()
    for _ in range(_DEEPEST):
        passed_on: dict[str, frozenset[int]] = {}
        flows = {"": main}
        for scope, node, name in _calls(main.source, graph, set(wanted)):
            if scope.function not in flows:
                flows[scope.function] = flow_of(main.source, scope, main.budget)
            for place in wanted[name]:
                origin = _argument(node, place, flows[scope.function])
                if origin.arguments:
                    places = frozenset(scope.arguments[one] for one in origin.arguments)
                    passed_on[scope.function] = passed_on.get(scope.function, frozenset()) | places
                yield node, scope, origin
        seen |= wanted.keys()
        wanted = {name: places for name, places in passed_on.items() if name not in seen}


# The function is the input before its arguments
_BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "While", "StatelessWhile"})


def _argument(node: Node, place: int, flow: Flow) -> Origin:
    """Of other operators it is not known which input becomes which argument."""
    inputs = [one for one in node.inputs if not one.startswith("^")]
    place += bool(_BRANCHES & set(node.operators))
    known = _BRANCHES | _CALLS
    if place >= len(inputs) or any(find(name) and name not in known for name in node.operators):
        return Origin(computed=True)
    return flow.origin(inputs[place])


def _calls(source: Source, graph: MetaGraph, wanted: set[str]) -> Iterator[tuple[Scope, Node, str]]:
    if not wanted:
        return
    spelled = re.compile(b"|".join(re.escape(name.encode("utf-8", "surrogatepass")) for name in sorted(wanted)))
    longest = max(map(len, wanted)) * 4
    for scope in scopes(source, graph):
        if not isinstance(scope, Scope):
            continue
        for start, end in node_places(source, scope):
            if _mentions(source, start, end, spelled, longest):
                node = read_node(source, start, end)
                called = {text(source, one.start, one.end) for one in texts(source, node) if one.is_function}
                yield from ((scope, node, name) for name in sorted(called.union(node.operators) & wanted))


def _mentions(source: Source, at: int, end: int, spelled: re.Pattern[bytes], longest: int) -> bool:
    while at < end:
        if spelled.search(source.read(at, min(_WINDOW + longest, end - at))):
            return True
        at += _WINDOW
    return False
