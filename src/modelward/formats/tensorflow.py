"""TensorFlow's graphs: SavedModel, MetaGraphDef and GraphDef (a frozen graph), node by node.

https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf (saved_model.proto, meta_graph.proto)
https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/framework (graph.proto, node_def.proto,
function.proto, attr_value.proto, tensor.proto)

Tensors are never read. A field that a message has once may come again: a library takes the last of them, and
messages are merged, so every one of them is stated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken
from modelward.formats.protobuf import BYTES, VARINT, Field, Read, walk

LONGEST_NAME = 4096
"""No name of a node, an operator or a function is read further."""

_GRAPH = {1: BYTES, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES}
NODE_FIELDS = frozenset(range(1, 8))
_MOST_META_GRAPHS = 1_000
_DEEPEST = 8  # lists of functions with attributes of functions


@dataclass(frozen=True, slots=True)
class Span:
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    why: str
    at: int
    cut_short: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    names: tuple[str, ...]
    operators: tuple[str, ...]
    """One in an honest node; the last is the one that TensorFlow takes."""
    inputs: tuple[str, ...]
    start: int
    end: int
    unknown: int = 0
    """Bytes in fields that a node does not have."""

    @property
    def name(self) -> str:
        return self.names[-1] if self.names else ""


@dataclass(frozen=True, slots=True)
class Scope:
    """A graph, or a function of a graph's library: the names of nodes are unique in it."""

    function: str
    """ "" for the graph itself."""
    arguments: Mapping[str, int]
    """Of a function, with their places."""
    spans: tuple[tuple[int, int], ...]
    node_field: int


@dataclass(frozen=True, slots=True)
class MetaGraph:
    tags: tuple[str, ...] = ()
    graphs: tuple[tuple[int, int], ...] = ()
    """More than one are merged into one."""
    assets: tuple[tuple[str, str, int, int], ...] = ()
    """A tensor, the file in the folder of assets that it is set to, and where that stands."""
    savers: tuple[str, ...] = ()
    """Names of the tensors and nodes by which checkpoints are written and restored."""
    documents: tuple[Span, ...] = ()
    """Texts that objects keep: metadata of Keras, in JSON."""
    constants: frozenset[str] = frozenset()
    """Nodes whose values functions have captured."""
    exposed: frozenset[str] = frozenset()
    """Functions that whoever loads the model is given, to call them."""


@dataclass(frozen=True, slots=True)
class Model:
    kind: str
    meta_graphs: tuple[MetaGraph, ...] = ()
    strays: tuple[Span, ...] = ()
    """Fields that the format does not have."""
    gaps: tuple[Gap, ...] = ()


# --- the parts of a model ---


def read_model(source: Source, kind: str) -> Model:
    """What holds the graphs, without their nodes. *kind* is one of tensorflow_kinds.py."""
    parts = _Parts(source)
    if kind == "SavedModel":
        for one in parts.fields(0, source.size):
            if len(parts.meta_graphs) > _MOST_META_GRAPHS:
                parts.gaps.append(Gap(f"more than {_MOST_META_GRAPHS:,} meta graphs", one.start))
                break
            if one.number == 2 and one.wire == BYTES:
                parts.meta_graph(one.start, one.end)
            elif (one.number, one.wire) != (1, VARINT):
                parts.stray(one, kind)
    elif kind == "MetaGraphDef":
        parts.meta_graph(0, source.size)
    else:
        parts.meta_graphs.append(MetaGraph(graphs=((0, source.size),)))
    return Model(kind, tuple(parts.meta_graphs), tuple(parts.strays), tuple(dict.fromkeys(parts.gaps)))


@dataclass(slots=True)
class _Parts:
    source: Source
    meta_graphs: list[MetaGraph] = field(default_factory=list)
    strays: list[Span] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def stray(self, one: Field, message: str) -> None:
        if one.size:
            self.strays.append(Span(f"field {one.number} of {message}", one.start, one.end))

    def fields(self, start: int, end: int) -> Iterator[Field]:
        try:
            yield from walk(self.source.read, start, end)
        except Broken as broken:
            self.gaps.append(Gap(broken.why, broken.at, broken.cut_short))

    def inner(self, start: int, end: int, *path: int) -> Iterator[Field]:
        """The fields at *path* below the message in [start, end)."""
        for one in self.fields(start, end):
            if one.number == path[0] and one.wire == BYTES:
                if path[1:]:
                    yield from self.inner(one.start, one.end, *path[1:])
                else:
                    yield one

    def text(self, one: Field) -> str:
        return text(self.source, one.start, one.end)

    def meta_graph(self, start: int, end: int) -> None:
        found: dict[int, list[Field]] = {}
        for one in self.fields(start, end):
            if one.wire == BYTES and one.number <= 7:
                found.setdefault(one.number, []).append(one)
            else:
                self.stray(one, "MetaGraphDef")
        tags = [self.text(tag) for one in found.get(1, []) for tag in self.inner(one.start, one.end, 4)]
        savers = [
            self.text(name)
            for one in found.get(3, [])
            for number in (1, 2, 3)
            for name in self.inner(one.start, one.end, number)
        ]
        assets = [asset for one in found.get(6, []) for asset in self._asset(one)]
        # SavedModels of TensorFlow 1 keep them in a collection too, as Any
        for one in found.get(4, []):
            for packed in self.inner(one.start, one.end, 2, 5, 1):
                assets += self._packed_asset(packed)
        objects = [item for one in found.get(7, []) for item in self.inner(one.start, one.end, 1)]
        functions = [name for one in found.get(7, []) for name in self.inner(one.start, one.end, 2, 1)]
        self.meta_graphs.append(
            MetaGraph(
                tuple(tags),
                tuple((one.start, one.end) for one in found.get(2, [])),
                tuple(assets),
                tuple(node_of(name) for name in savers),
                tuple(document for item in objects for document in self._documents(item)),
                frozenset(self.text(name) for item in objects for name in self.inner(item.start, item.end, 9, 1)),
                frozenset(map(self.text, functions)),
            )
        )

    def _asset(self, one: Field) -> Iterator[tuple[str, str, int, int]]:
        """AssetFileDef: a tensor and the name of a file. Every name counts, whichever a reader takes."""
        tensors = [self.text(name) for name in self.inner(one.start, one.end, 1, 1)]
        for name in self.inner(one.start, one.end, 2):
            yield tensors[-1] if tensors else "", self.text(name), name.start, name.end

    def _packed_asset(self, one: Field) -> Iterator[tuple[str, str, int, int]]:
        if any(self.text(url).endswith("AssetFileDef") for url in self.inner(one.start, one.end, 1)):
            for packed in self.inner(one.start, one.end, 2):
                yield from self._asset(packed)

    def _documents(self, item: Field) -> Iterator[Span]:
        """SavedUserObject: what made it, and what that made of it."""
        for one in self.inner(item.start, item.end, 4):
            label = next((self.text(name) for name in self.inner(one.start, one.end, 1)), "")
            for metadata in self.inner(one.start, one.end, 3):
                if metadata.size:
                    yield Span(f"metadata of {label}", metadata.start, metadata.end)


def node_of(tensor: str) -> str:
    """The name of the node that an input, an output or a signature means: "^a", "a:0" and "a:out:0" are a's."""
    return tensor.removeprefix("^").partition(":")[0]


def text(source: Source, start: int, end: int) -> str:
    """A name, or the beginning of what is longer than any."""
    return source.read(start, min(end - start, LONGEST_NAME)).decode("utf-8", "backslashreplace")


# --- nodes ---


def scopes(source: Source, graph: MetaGraph) -> Iterator[Scope | Span | Gap]:
    """The graph, then the functions of its library in their order; and fields that a graph does not have."""
    yield Scope("", {}, graph.graphs, 1)
    parts = _Parts(source)
    for start, end in graph.graphs:
        for one in parts.fields(start, end):
            if _GRAPH.get(one.number) != one.wire:
                parts.stray(one, "GraphDef")
        for function in parts.inner(start, end, 2, 1):
            yield _function(parts, function)
    yield from parts.strays
    yield from parts.gaps


def _function(parts: _Parts, one: Field) -> Scope:
    names, arguments = [], list[str]()
    for signature in parts.inner(one.start, one.end, 1):
        names += [parts.text(name) for name in parts.inner(signature.start, signature.end, 1)]
        arguments += [parts.text(name) for name in parts.inner(signature.start, signature.end, 2, 1)]
    places = {name: at for at, name in enumerate(arguments)}
    return Scope(names[-1] if names else "?", places, ((one.start, one.end),), 3)


def nodes(source: Source, scope: Scope) -> Iterator[Node | Gap]:
    """The nodes of *scope* in their order."""
    try:
        for start, end in node_places(source, scope):
            yield read_node(source, start, end)
    except Broken as broken:
        yield Gap(broken.why, broken.at, broken.cut_short)


def node_places(source: Source, scope: Scope) -> Iterator[tuple[int, int]]:
    """Where the nodes stand. Raises Broken."""
    for start, end in scope.spans:
        for one in walk(source.read, start, end):
            if one.number == scope.node_field and one.wire == BYTES:
                yield one.start, one.end


def read_node(source: Source, start: int, end: int) -> Node:
    """The NodeDef in [start, end). Raises Broken."""
    names: list[str] = []
    operators: list[str] = []
    inputs: list[str] = []
    unknown = 0
    for one in walk(source.read, start, end):
        if one.wire == BYTES and one.number <= 3:
            (names, operators, inputs)[one.number - 1].append(text(source, one.start, one.end))
        elif one.number not in NODE_FIELDS:
            unknown += one.size
    return Node(tuple(names), tuple(operators), tuple(inputs), start, end, unknown)


# --- attributes ---


@dataclass(frozen=True, slots=True)
class Text:
    """A text in an attribute: its own, one of its list, or one of its tensor's."""

    attribute: str
    start: int
    end: int
    is_function: bool = False


def texts(source: Source, node: Node) -> Iterator[Text]:
    """The texts and the functions that the attributes of *node* name, however deep. Raises Broken."""
    yield from _attributes(source.read, node.start, node.end, 5, "", 0)


def _attributes(read: Read, start: int, end: int, number: int, path: str, depth: int) -> Iterator[Text]:
    if depth > _DEEPEST:
        raise Broken("attributes of functions nested too deep", start)
    for entry in walk(read, start, end):
        if entry.number != number or entry.wire != BYTES:
            continue
        inner = list(walk(read, entry.start, entry.end))
        keys = [read(one.start, min(one.size, LONGEST_NAME)) for one in inner if one.number == 1 and one.wire == BYTES]
        label = path + b"|".join(keys).decode("utf-8", "backslashreplace")
        for one in inner:
            if one.number == 2 and one.wire == BYTES:
                yield from _value(read, one, label, depth)


def _value(read: Read, value: Field, label: str, depth: int) -> Iterator[Text]:
    """AttrValue, or the list in one, whose strings and functions have other numbers."""
    for one in walk(read, value.start, value.end):
        if one.wire != BYTES:
            continue
        if one.number == 1:
            for item in walk(read, one.start, one.end):
                yield from _item(read, item, label, depth, string=2, tensor=8, function=9)
        else:
            yield from _item(read, one, label, depth, string=2, tensor=8, function=10)


def _item(read: Read, one: Field, label: str, depth: int, string: int, tensor: int, function: int) -> Iterator[Text]:
    if one.wire != BYTES:
        return
    if one.number == string:
        yield Text(label, one.start, one.end)
    elif one.number == tensor:
        yield from _strings(read, one, label)
    elif one.number == function:
        for part in walk(read, one.start, one.end):
            if part.number == 1 and part.wire == BYTES:
                yield Text(label, part.start, part.end, is_function=True)
        yield from _attributes(read, one.start, one.end, 2, f"{label}.", depth + 1)


def _strings(read: Read, tensor: Field, label: str) -> Iterator[Text]:
    """The elements of a TensorProto of strings. What a tensor of numbers holds is left alone."""
    inner = walk(read, tensor.start, tensor.end)
    yield from (Text(label, one.start, one.end) for one in inner if one.number == 8 and one.wire == BYTES)
