"""Reading TensorFlow Lite models."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus.flatbuffer import Table, i32s, u64
from tests.corpus.formats.tflite import hostile
from tests.corpus.tflite import code, custom, flex_options, model, operator, subgraph, tensor

from modelward.formats.source import BytesSource
from modelward.formats.tflite import Kind, flex_node, read_tflite


def flaws(data: bytes) -> list[Kind]:
    return [flaw.kind for flaw in read_tflite(BytesSource(data)).flaws]


def test_ordinary() -> None:
    facts = read_tflite(BytesSource(model()))
    assert (facts.customs, facts.flaws, facts.gap) == ([], [], None)
    assert len(model()) - facts.end <= 1  # the last text ends with a zero


def test_custom_operators() -> None:
    data = custom("Mine", b"options")
    (one,) = read_tflite(BytesSource(data)).customs
    assert (one.name, data[slice(*one.options)]) == ("Mine", b"options")


def test_options_behind_the_model() -> None:
    data = (
        model([code(32, "Mine")], [subgraph(operators=[operator(f9=u64(2000), f10=u64(4))])]).ljust(2000, b"\0")
        + b"more"
    )
    facts = read_tflite(BytesSource(data))
    assert data[slice(*facts.customs[0].options)] == b"more"
    assert facts.end == len(data)


def test_what_is_not_checked() -> None:
    sparse = Table({0: i32s(20, 30), 2: tensor().fields[2], 6: Table()})
    assert flaws(model(graphs=[subgraph([sparse, tensor(buffer=0)])])) == []
    assert flaws(model(graphs=[subgraph([tensor(kind=5), tensor(buffer=0)])])) == []


@pytest.mark.parametrize(
    ("kind", "sizes"), [(17, (12, 4)), (17, (47,)), (9, (24,)), (10, (3,)), (11, (1, 1)), (1, (4, 3))]
)
def test_sizes_of_elements(kind: int, sizes: tuple[int, ...]) -> None:
    right = {17: True, 9: True, 10: True, 11: False, 1: True}[kind]
    assert flaws(model(graphs=[subgraph([tensor(sizes, kind=kind), tensor(buffer=0)])])) == (
        [] if right else [Kind.SIZE]
    )


def test_the_same_buffer_twice_is_no_overlap() -> None:
    assert flaws(model(buffers=[Table({1: u64(8), 2: u64(24)}), Table({1: u64(8), 2: u64(24)})])) == []


def test_every_cut_has_a_gap() -> None:
    data = model()
    for end in range(len(data) - 4):
        assert read_tflite(BytesSource(data[:end])).gap is not None


def test_flex_node() -> None:
    assert flex_node(flex_options("Relu", b"node")) == b"node"


@given(st.binary(max_size=60))
def test_flex_node_of_anything(data: bytes) -> None:
    flex_node(data)


def test_flex_node_cut() -> None:
    options = flex_options("Relu", b"node")
    assert all(flex_node(options[:end]) is None for end in range(len(options)))


@given(st.sampled_from(sorted(hostile())), st.data())
def test_any_change_ends(name: str, data: st.DataObject) -> None:
    raw = hostile()[name]
    at = data.draw(st.integers(0, len(raw) - 4))
    value = struct.pack("<I", data.draw(st.integers(0, (1 << 32) - 1)))
    read_tflite(BytesSource(raw[:at] + value + raw[at + 4 :]))
