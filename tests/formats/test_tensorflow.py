"""Reading TensorFlow's graphs: every way to write a message, every place a node can stand, and broken ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conformance.cases import outcome, scan
from tests.corpus.protobuf import message
from tests.corpus.tensorflow import (
    INPUT,
    SAVER,
    TRACED,
    asset,
    constant,
    function,
    function_of,
    graph,
    meta_graph,
    node,
    saved_model,
    text,
)

from modelward.formats.source import BytesSource
from modelward.formats.tensorflow import Gap, Node, Scope, node_of, nodes, read_model, read_node, scopes, texts
from modelward.formats.tensorflow_kinds import kinds


def every(data: bytes) -> list[tuple[str, str]]:
    """Functions and operators, in their order."""
    source, found = BytesSource(data), []
    for kind in kinds(source.read, source.size):
        for meta in read_model(source, kind).meta_graphs:
            for scope in scopes(source, meta):
                if isinstance(scope, Scope):
                    found += [(scope.function, *one.operators) for one in nodes(source, scope) if isinstance(one, Node)]
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (saved_model(INPUT), "SavedModel"),
        (meta_graph(graph(INPUT)), "MetaGraphDef"),
        (graph(INPUT), "GraphDef"),
        (message((2, meta_graph(graph(INPUT)))), "SavedModel"),
        (message((4, message((1, 21))), (1, INPUT)), "GraphDef"),
        (graph(functions=(function("f", (), INPUT),)), "GraphDef"),
        (message((2, graph(functions=(function("f", (), INPUT),)))), "MetaGraphDef"),
    ],
)
def test_kinds(data: bytes, kind: str) -> None:
    assert kinds(BytesSource(data).read, len(data)) == (kind,)
    assert [operators for _, operators in every(data)] == ["Placeholder"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\x0a\x00",
        message((1, 1)),
        message((1, message((1, "a"), (2, "b")))),
        message((1, message((2, "GateCalculator"), (3, "in"))), (10, "in")),
        message((1, INPUT), (10, "stream")),
    ],
)
def test_no_graph(data: bytes) -> None:
    assert kinds(BytesSource(data).read, len(data)) == ()


def test_every_graph_and_function_is_walked() -> None:
    inner = function("f", ("x",), node("a", "Relu", "x"), node("b", "Tanh", "a:activations:0"))
    data = message(
        (1, 1), (2, message((2, graph(INPUT)), (2, graph(node("c", "Abs"), functions=(inner,))))), (2, meta_graph(b""))
    )
    assert every(data) == [("", "Placeholder"), ("", "Abs"), ("f", "Relu"), ("f", "Tanh")]


def test_meta_graph() -> None:
    objects = message(
        (1, message((4, message((1, "_tf_keras_layer"), (3, "{}"))))),
        (1, message((9, message((1, "Const"))))),
        (2, message((1, "f"), (2, b""))),
    )
    source = BytesSource(saved_model(INPUT, more=(asset("a:0", "vocab.txt"), (7, objects), (12, b"stray"))))
    model = read_model(source, "SavedModel")
    (meta,) = model.meta_graphs
    assert meta.tags == ("serve",)
    assert [one[:2] for one in meta.assets] == [("a:0", "vocab.txt")]
    assert meta.savers == ("saver_filename", "StatefulPartitionedCall", "StatefulPartitionedCall_1")
    assert [one.name for one in meta.documents] == ["metadata of _tf_keras_layer"]
    assert meta.constants == {"Const"}
    assert meta.exposed == {"f"}
    assert [source.read(one.start, one.end - one.start) for one in model.strays] == [b"stray"]


def test_assets_in_a_collection() -> None:
    packed = message((1, "type.googleapis.com/tensorflow.AssetFileDef"), (2, message((2, "../x"))))
    collection = message((1, "saved_model_assets"), (2, message((5, message((1, packed))))))
    (meta,) = read_model(BytesSource(saved_model(INPUT, more=((4, collection),))), "SavedModel").meta_graphs
    assert [one[1] for one in meta.assets] == ["../x"]


def test_texts_of_a_node() -> None:
    functions = message((1, message((9, message((1, "g"), (2, message((1, "inner"), (2, text("deep")))))))))
    one = node("n", "If", f=function_of("f"), list=functions, s=text("plain"))
    source = BytesSource(one)
    found = [
        (item.attribute, source.read(item.start, item.end - item.start), item.is_function)
        for item in texts(source, read_node(source, 0, len(one)))
    ]
    assert found == [("f", b"f", True), ("list", b"g", True), ("list.inner", b"deep", False), ("s", b"plain", False)]


def test_constants_are_texts_and_numbers_are_not() -> None:
    numbers = node("n", "Const", value=message((8, message((1, 1), (4, bytes(1000))))))
    for data, count in ((constant("c", "a", "b"), 2), (numbers, 0)):
        source = BytesSource(data)
        assert len(list(texts(source, read_node(source, 0, len(data))))) == count


def test_repeated_fields_are_all_stated() -> None:
    data = message((1, "a"), (2, "Relu"), (2, "ReadFile"), (1, "b"))
    one = read_node(BytesSource(data), 0, len(data))
    assert (one.names, one.operators, one.name) == (("a", "b"), ("Relu", "ReadFile"), "b")


def test_names_of_inputs() -> None:
    assert [node_of(one) for one in ("a", "a:1", "a:out:0", "^a")] == ["a"] * 4


def test_attributes_of_functions_nested_too_deep() -> None:
    value = text("x")
    for _ in range(200):
        value = message((10, message((1, "f"), (2, message((1, "a"), (2, value))))))
    data = saved_model(INPUT, node("n", "PartitionedCall", f=value))
    assert outcome(scan(data)) == "incomplete"


@pytest.mark.parametrize("data", [saved_model(INPUT, *SAVER, functions=TRACED), graph(INPUT, node("b", "Abs", "x"))])
def test_every_cut_ends_in_a_gap_or_earlier(data: bytes) -> None:
    whole = every(data)
    for end in range(len(data)):
        assert every(data[:end]) == whole[: len(every(data[:end]))]


def test_gap_where_a_node_is_broken() -> None:
    data = graph(INPUT, b"\x0a\x7fx")
    scope = Scope("", {}, ((0, len(data)),), 1)
    assert isinstance(list(nodes(BytesSource(data), scope))[-1], Gap)


@given(st.binary(max_size=200))
def test_anything_goes(data: bytes) -> None:
    every(data)
    every(message((1, 1), (2, message((2, message((1, INPUT), (1, data), (2, data)))))))
