"""What is read of an ONNX model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus.formats import onnx as corpus
from tests.corpus.formats.onnx import attribute, graph, model, node, of, raw, tensor, with_tensor
from tests.corpus.protobuf import message, varint

from modelward.formats.onnx import read_onnx
from modelward.formats.onnx_parts import Function, Gap, Identity, Metadata, Node, Odd, Opset, Part, Tensor, Text
from modelward.formats.source import BytesSource


def read(data: bytes) -> list[Part]:
    return list(read_onnx(BytesSource(data)))


def one(data: bytes, kind: type[Part]) -> Part:
    (found,) = (part for part in read(data) if isinstance(part, kind))
    return found


def test_definitions_come_first() -> None:
    data = model(graph(node("f", "local")), (25, corpus.function("f", node("Neg"))))
    assert [type(part) for part in read(data)] == [Function, Opset, Node, Node]


def test_a_node_is_told_by_name_and_place() -> None:
    inner = graph(node("Neg", name="inside"))
    data = of(node("If", "", attribute("then_branch", 5, (6, inner)), name="choose"))
    nodes = [part for part in read(data) if isinstance(part, Node)]
    assert [(part.operator, part.path) for part in nodes] == [
        (Identity("", "Neg"), "graph/choose/then_branch/inside"),
        (Identity("", "If"), "graph/choose"),
    ]
    outer = nodes[1]
    assert data[outer.at.start : outer.at.end].startswith(b"\x0a\x01x\x12\x01y")


def test_the_standard_domain_has_two_names() -> None:
    found = one(of(node("Relu", "ai.onnx")), Node)
    assert isinstance(found, Node) and found.operator == Identity("", "Relu")


def test_a_tensor() -> None:
    data = with_tensor(tensor((4, bytes(8)), (9, b""), (14, (1 << 32) + 1), dims=(2, 1), kind=(1 << 32) + 1))
    found = one(data, Tensor)
    assert isinstance(found, Tensor)
    assert (found.name, found.dims, found.type, found.is_external) == (b"w", (2, 1), 1, True)
    assert found.typed == (("float_data", 8),) and found.raw is not None and found.raw.size == 0


def test_dimensions_may_be_packed() -> None:
    packed = message((1, varint(3) + varint((1 << 64) - 1)), (2, 1))
    found = one(with_tensor(packed), Tensor)
    assert isinstance(found, Tensor) and found.dims == (3, -1)


def test_metadata_of_every_place() -> None:
    entry = message((1, "key"), (2, "value"))
    data = model(graph(node("Relu") + message((9, entry)), tensors=(raw() + message((16, entry)),)), (14, entry))
    found = [part for part in read(data) if isinstance(part, Metadata)]
    assert [part.path for part in found] == ["graph/Relu", "graph", "model"]
    assert {data[part.at.start : part.at.end] for part in found} == {b"value"}


def test_long_texts_are_told_and_names_are_not() -> None:
    long = "word " * 10
    data = model(graph(node("Relu", "", corpus.text("s", long), name=long), more=((10, long),)), (6, long))
    assert [part.what for part in read(data) if isinstance(part, Text)] == ["s", "doc_string", "doc_string"]


def test_fields_that_do_not_belong() -> None:
    data = of(node("Relu") + message((4, "Neg"), (77, "x")) + b"\x38\x01")  # 7 is a text
    odd = [part for part in read(data) if isinstance(part, Odd)]
    assert [(part.kind, part.what) for part in odd] == [
        ("repeated", "op_type"),
        ("unknown", "field 77"),
        ("unknown", "field 7"),
    ]


@pytest.mark.parametrize("number", [7, 8])
def test_a_row_of_numbers_is_passed(number: int) -> None:
    """What follows it is read again."""
    one_number = bytes([number << 3 | 5]) + bytes(4) if number == 7 else bytes([number << 3, 0xFF, 0x01])
    data = of(
        node("TreeEnsembleRegressor", "ai.onnx.ml", message((1, "a")) + one_number * 20_000 + message((4, "s" * 40)))
    )
    assert one(data, Text)
    assert not [part for part in read(data) if isinstance(part, Gap | Odd)]


def test_graphs_without_an_end() -> None:
    inner = graph()
    for _ in range(60):
        inner = graph(node("If", "", attribute("then_branch", 5, (6, inner))))
    (gap,) = (part for part in read(model(inner)) if isinstance(part, Gap))
    assert "inside each other" in gap.why


def test_types_without_an_end() -> None:
    kind = message((1, message((1, 1))), (6, "d" * 1100))
    for _ in range(60):
        kind = message((4, message((1, kind))))
    assert [part for part in read(model(graph(more=((13, message((1, "v"), (2, kind))),)))) if isinstance(part, Gap)]


def test_more_fields_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelward.formats.onnx._MOST_FIELDS", 100)
    *_, last = read(of(*[node("Relu")] * 50))
    assert isinstance(last, Gap) and "100 fields" in last.why


def test_many_oddities_are_counted() -> None:
    found = [part for part in read(of(*[message((4, "Relu"), (99, 1))] * 3000)) if isinstance(part, Odd | Gap)]
    assert len(found) == 3000 or isinstance(found[-1], Gap)


@pytest.mark.parametrize("name", corpus.ordinary())
def test_every_byte_cut_off_is_a_gap_or_a_smaller_model(name: str) -> None:
    data = corpus.ordinary()[name]
    for end in range(0, len(data), max(1, len(data) // 200)):
        read(data[:end])


@given(st.binary(max_size=200))
def test_nothing_but_parts_comes_out(data: bytes) -> None:
    read(data)


@given(st.binary(max_size=60), st.integers(0, 200))
def test_damage_inside(junk: bytes, at: int) -> None:
    data = corpus.ordinary()["functions"]
    read(data[:at] + junk + data[at + len(junk) :])
