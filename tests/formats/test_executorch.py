"""Reading ExecuTorch programs."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus.tflite import program

from modelward.formats.executorch import read_program
from modelward.formats.source import BytesSource


def test_ordinary() -> None:
    data = program()
    facts = read_program(BytesSource(data))
    assert [name for name, _ in facts.operators] == ["aten::add.out"]
    assert [name for name, _ in facts.delegates] == ["XnnpackBackend"]
    assert [data[part.start : part.end] for part in facts.parts] == [bytes(range(1, 17))]
    assert (facts.flaws, facts.gap, facts.end) == ([], None, len(data))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (program(arguments=(5,)), "an argument is number 5 of 2"),
        (program(operator=-1), "an operator is number -1 of 1"),
        (program(segments=((0, 17),)), "segment 0 has 17 bytes"),
        (program(segments=()), "the data of delegate 'XnnpackBackend' is number 0 of 0"),
    ],
)
def test_flaws(data: bytes, message: str) -> None:
    assert message in " ".join(message for message, _ in read_program(BytesSource(data)).flaws)


def test_every_cut_has_a_gap_or_a_flaw() -> None:
    data = program()
    for end in range(len(data)):
        facts = read_program(BytesSource(data[:end]))
        assert facts.gap or facts.flaws


@given(st.data())
def test_any_change_ends(data: st.DataObject) -> None:
    raw = program()
    at = data.draw(st.integers(0, len(raw) - 4))
    read_program(BytesSource(raw[:at] + struct.pack("<I", data.draw(st.integers(0, (1 << 32) - 1))) + raw[at + 4 :]))
