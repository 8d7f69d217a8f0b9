"""Judges TensorFlow's graphs: node by node, and by where the texts come from that reach a node."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.outside_path import leads_outside
from modelward.checks.scan.tensorflow.calls import paths_given, strange_calls
from modelward.checks.scan.tensorflow.flow import Flow, Origin, attribute
from modelward.checks.scan.tensorflow.operators import Operator, find
from modelward.checks.scan.tensorflow.rules_tensorflow import ASSET_ESCAPE, REPEATED_FIELD, RULE_OF, UNKNOWN_FIELD
from modelward.core.artifact import Source
from modelward.formats.cursor import Broken
from modelward.formats.source import Budget, BytesSource, Slice
from modelward.formats.tensorflow import Gap, MetaGraph, Node, Scope, Span, node_of, nodes, read_model, scopes, texts
from modelward.formats.tensorflow_kinds import UNDECIDED, kinds

_MOST_SAID = 50  # of one operator in one graph: more of them say nothing new
_MOST_STEPS = 5_000
_MOST_DOCUMENTS = 10_000
_SHORTEST_FILE = 256  # bytes
_MOST_FILES = 1_000
_BY_PATH = ("save", "restore", "asset")
"""Sections whose operators are in ordinary models: the path makes the difference."""
_SUSPECT = frozenset({"python", "write", "read", "network", "process", "opaque", *_BY_PATH})
_NUMBERED = re.compile(r"_\d+\Z")
_SEPARATOR = re.compile(r"[/\\]")
_CONTROLS = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")


def examine_tensorflow(source: Source, here: Here) -> Iterator[Said]:
    """Every graph, every function and every text of them that can be a file of its own."""
    messages = kinds(source.read, source.size)
    if messages == (UNDECIDED,):
        yield here.unexamined("more fields than the limit, and among the first no graph: it may be one of TensorFlow's")
    else:
        yield from examine_graph(source, here, messages)


def examine_node(node: bytes, here: Here) -> Iterator[Said]:
    """A NodeDef that stands alone."""
    length, head = len(node), bytearray(b"\x0a")
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    yield from examine_graph(BytesSource(bytes((*head, length)) + node), here, ("GraphDef",))


def examine_graph(source: Source, here: Here, messages: tuple[str, ...]) -> Iterator[Said]:
    """The content as each of *messages*: a graph, or what holds graphs."""
    budget = Budget(_MOST_STEPS)
    for kind in messages:
        model = read_model(source, kind)
        for number, graph in enumerate(model.meta_graphs):
            label = f"meta graph {number} ({', '.join(graph.tags)})" if model.meta_graphs[1:] else ""
            yield from _Judge(source, here, graph, label, budget).say()
        yield from _strays(model.strays, source, here)
        yield from (_gap(gap, source, here) for gap in model.gaps)


def _strays(strays: tuple[Span, ...], source: Source, here: Here) -> Iterator[Said]:
    for stray in strays[:_MOST_FILES]:
        message = f"{stray.name}: {stray.end - stray.start:,} bytes"
        yield here.finding(UNKNOWN_FIELD, message, stray.start, stray.end)
        yield Nested(f"<{stray.name}>", Slice(source, stray.start, stray.end - stray.start), raw=True)
    if strays[_MOST_FILES:]:
        yield here.unexamined("more unknown fields than the limit", strays[_MOST_FILES].start, source.size)


def _gap(gap: Gap, source: Source, here: Here) -> Said:
    do = "Download it again and compare its sha256." if gap.cut_short else ""
    return here.unexamined(gap.why, min(gap.at, source.size), source.size, do)


class _Judge:
    """Judges one MetaGraphDef."""

    def __init__(self, source: Source, here: Here, graph: MetaGraph, label: str, budget: Budget) -> None:
        self._source = source
        self._here = here
        self._graph = graph
        self._label = label
        self._budget = budget
        # of two files with one name, the second is numbered
        names = ((node_of(tensor), name) for tensor, name, *_ in graph.assets)
        self._assets = {(tensor, one) for tensor, name in names for one in (name, _NUMBERED.sub("", name))}
        self._functions: set[str] = set()
        self._foreign: dict[str, tuple[Node, str]] = {}
        self._saving: dict[str, Node] = {}
        self._takes_assets = False
        self._takers: dict[str, frozenset[int]] = {}
        self._files = 0

    def say(self) -> Iterator[Said]:
        main: Flow | None = None
        for scope in scopes(self._source, self._graph):
            if isinstance(scope, Scope):
                flow = Flow(self._source, scope, self._budget)
                main = main or flow
                yield from self._scope(scope, flow)
            elif isinstance(scope, Span):
                yield from _strays((scope,), self._source, self._here)
            else:
                yield _gap(scope, self._source, self._here)
        yield from self._foreign_operators()
        if main:
            yield from self._strange_calls(main)
            yield from self._captured(main)
            yield from self._paths_given(main)
        yield from self._asset_names()
        for document in self._graph.documents[:_MOST_DOCUMENTS]:
            yield Nested(f"<{document.name}>", Slice(self._source, document.start, document.end - document.start))
        if self._graph.documents[_MOST_DOCUMENTS:]:
            yield self._here.unexamined("more objects with metadata than the limit")

    def _scope(self, scope: Scope, flow: Flow) -> Iterator[Said]:
        if scope.function in self._functions:
            yield self._here.finding(REPEATED_FIELD, f"two functions are called {scope.function!r}", *scope.spans[0])
        if scope.function:
            self._functions.add(scope.function)
        where = " ".join(filter(None, (self._label, scope.function and f"function {scope.function!r}")))
        suspects: dict[str, list[Node]] = {}
        for node in nodes(self._source, scope):
            if isinstance(node, Gap):
                yield _gap(node, self._source, self._here)
                continue
            flow.add(node)
            yield from self._node(node, where)
            for name in dict.fromkeys(node.operators):
                known = find(name)
                if known and known.section in _SUSPECT and len(suspects.setdefault(name, [])) < _MOST_SAID:
                    suspects[name].append(node)
        for name, found in suspects.items():
            for node in found:
                yield from self._suspect(node, name, flow, where)

    def _node(self, node: Node, where: str) -> Iterator[Said]:
        """What a node says without its surroundings."""
        if len(node.operators) > 1 or len(node.names) > 1:
            message = f"{where} node {node.name!r}: its operators are {', '.join(node.operators[:9])}"
            yield self._here.finding(REPEATED_FIELD, message.strip(), node.start, node.end)
        if node.unknown >= _SHORTEST_FILE:
            yield from _strays((Span(f"fields of {node.name}", node.start, node.end),), self._source, self._here)
        for name in node.operators:
            known = find(name)
            if known is None or known.section == "library":
                self._foreign.setdefault(name, (node, f"{where} node {node.name!r}".strip()))
        if node.end - node.start > _SHORTEST_FILE:
            yield from self._embedded(node)

    def _embedded(self, node: Node) -> Iterator[Said]:
        """Texts that are no text: files, which some operator may be given."""
        try:
            for one in texts(self._source, node):
                size = one.end - one.start
                if size < _SHORTEST_FILE or not _CONTROLS.search(self._source.read(one.start, min(size, 4096))):
                    continue
                self._files += 1
                if self._files > _MOST_FILES:
                    if self._files == _MOST_FILES + 1:
                        yield self._here.unexamined("more embedded files than the limit", one.start, one.end)
                    return
                yield Nested(f"<{node.name}>", Slice(self._source, one.start, size), raw=True)
        except Broken as broken:
            yield _gap(Gap(broken.why, broken.at, broken.cut_short), self._source, self._here)

    def _suspect(self, node: Node, name: str, flow: Flow, where: str) -> Iterator[Said]:
        known = find(name)
        assert known is not None  # it was found before
        for target in known.targets or ("",):
            try:
                origin = self._origin(node, target, flow)
            except Broken as broken:
                yield _gap(Gap(broken.why, broken.at, broken.cut_short), self._source, self._here)
                continue
            if not flow.complete and known.section in _BY_PATH:
                yield self._here.unexamined("more nodes than are followed from one to the next", node.start, node.end)
            elif self._does_harm(node, known, origin, flow.scope):
                message = f"{where} node {node.name!r}: {name} {known.does}".strip()
                more = {"target": str(origin)} if known.targets else {}
                yield self._here.finding(RULE_OF[known.section], message, node.start, node.end, operator=name, **more)

    def _origin(self, node: Node, target: int | str, flow: Flow) -> Origin:
        if isinstance(target, str):
            return attribute(self._source, node, target)
        inputs = [one for one in node.inputs if not one.startswith("^")]
        return flow.origin(inputs[target]) if target < len(inputs) else Origin()

    def _does_harm(self, node: Node, known: Operator, origin: Origin, scope: Scope) -> bool:
        if known.section not in _BY_PATH:
            if known.harmless is None or origin.computed or origin.given:
                return True
            return not all(map(known.harmless.fullmatch, origin.texts))
        if known.section == "save" and scope.function:
            self._saving.setdefault(scope.function, node)
            if not origin.given:
                return True
        if known.section == "asset" and origin.given:
            self._takes_assets = True
            if scope.function:
                places = frozenset(scope.arguments[name] for name in origin.arguments)
                self._takers[scope.function] = self._takers.get(scope.function, frozenset()) | places
        return self._is_strange(origin, known.section == "asset")

    def _is_strange(self, origin: Origin, may_be_asset: bool) -> bool:
        """Whether it can be a path that leads out of the model's folder."""
        constants = zip(origin.texts, origin.nodes, strict=True)
        return origin.computed or any(
            _is_outside(path) and not (may_be_asset and self._is_asset(path, name)) for path, name in constants
        )

    def _is_asset(self, path: str, node: str) -> bool:
        """The loader sets *node* to the file in the folder of assets, whose name is the end of the path."""
        return (node, _SEPARATOR.split(path)[-1]) in self._assets

    def _foreign_operators(self) -> Iterator[Said]:
        for name, (node, label) in self._foreign.items():
            if name in self._functions:  # a function can be called by its name
                continue
            known = find(name)
            message = f"{label}: {name or 'an operator without a name'} is none of TensorFlow's operators"
            rule = RULE_OF[known.section if known else ""]
            yield self._here.finding(rule, message, node.start, node.end, operator=name)

    def _strange_calls(self, main: Flow) -> Iterator[Said]:
        try:
            for node, message in strange_calls(self._graph, self._saving, main):
                yield self._here.finding(RULE_OF["save"], f"{self._label} {message}".strip(), node.start, node.end)
        except Broken as broken:
            yield _gap(Gap(broken.why, broken.at, broken.cut_short), self._source, self._here)

    def _captured(self, main: Flow) -> Iterator[Said]:
        """A function that fills a table is given the path, perhaps a constant that it has captured."""
        for name in sorted(self._graph.constants if self._takes_assets else ()):
            try:
                origin = main.origin(name)
            except Broken as broken:
                yield _gap(Gap(broken.why, broken.at, broken.cut_short), self._source, self._here)
                continue
            # many texts are the words of a table
            if len(origin.texts) == 1 and _is_outside(origin.texts[0]):
                message = f"{self._label} a function that reads a file has captured the path {origin}".strip()
                yield self._here.finding(RULE_OF["asset"], message, path=str(origin))

    def _paths_given(self, main: Flow) -> Iterator[Said]:
        """The same of a path that one function or the graph gives to another function."""
        try:
            for node, scope, origin in paths_given(self._graph, self._takers, main):
                if self._is_strange(origin, True):
                    where = f"{self._label} function {scope.function!r}" if scope.function else self._label
                    message = f"{where} node {node.name!r} calls a function that reads a file".strip()
                    yield self._here.finding(RULE_OF["asset"], message, node.start, node.end, target=str(origin))
        except Broken as broken:
            yield _gap(Gap(broken.why, broken.at, broken.cut_short), self._source, self._here)

    def _asset_names(self) -> Iterator[Said]:
        for _, name, start, end in self._graph.assets:
            if why := leads_outside(name.encode("utf-8", "surrogatepass")):
                message = f"the file name of an asset is {name!r}: {why}"
                yield self._here.finding(ASSET_ESCAPE, message, start, end, path=name)


def _is_outside(path: str) -> bool:
    return path != "" and leads_outside(path.encode("utf-8", "surrogatepass")) != ""
