"""GGUF: what the reader accepts, and that it survives the rest."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus.formats import gguf as files
from tests.corpus.formats.gguf import ARCHITECTURE, F32, LAYOUT, STRING, U32, Layout, Tensor, gguf, tensor_file

from modelward.core.limits import Limits
from modelward.formats.gguf import read_gguf
from modelward.formats.gguf_facts import GgufFacts, Invariant
from modelward.formats.source import BytesSource

MODEL = files.ordinary()["model"]


def read(data: bytes, limits: Limits | None = None) -> GgufFacts:
    return read_gguf(BytesSource(data), limits or Limits())


def broken(data: bytes) -> set[Invariant]:
    return {violation.invariant for violation in read(data).violations}


@pytest.mark.parametrize("name", files.ordinary())
def test_ordinary_files_keep_every_invariant(name: str) -> None:
    facts = read(files.ordinary()[name])
    assert (facts.violations, facts.gaps) == ((), ())


def test_tensors_are_where_they_are() -> None:
    facts = read(MODEL)
    assert [(tensor.name, tensor.size) for tensor in facts.tensors] == [("a", 128), ("b", 144)]
    assert facts.tensors[1].start - facts.tensors[0].start == 128


def test_no_truncation_passes() -> None:
    for end in range(4, len(MODEL) - 16):  # the last 16 bytes are padding
        facts = read(MODEL[:end])
        assert facts.gaps or facts.violations, end


@given(st.integers(4, len(MODEL) - 1), st.binary(min_size=1, max_size=8))
@settings(deadline=None)
def test_damage_is_read(at: int, change: bytes) -> None:
    read(MODEL[:at] + change + MODEL[at + len(change) :])


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_noise_is_read(noise: bytes) -> None:
    read(b"GGUF" + struct.pack("<IQQ", 3, 2, 2) + noise)


@pytest.mark.parametrize("layout", [Layout("<", 1), Layout("<", 2), Layout("<"), Layout(">")])
def test_a_count_is_held_against_the_file(layout: Layout) -> None:
    assert broken(gguf(counts=(0, 2**31), layout=layout)) == {Invariant.COUNT}
    assert broken(gguf(counts=(2**31, 0), layout=layout)) == {Invariant.COUNT}
    assert broken(gguf(counts=(0, 5), layout=layout)) == set()  # it may have been cut off
    assert read(gguf(counts=(0, 5), layout=layout)).gaps[0].cut_short


def test_limits_are_gaps() -> None:
    pairs = [(f"k{index}", LAYOUT.scalar(U32, 1)) for index in range(20)]
    assert read(gguf(pairs), Limits(entries=10)).gaps
    twice = gguf([("a", LAYOUT.scalar(U32, 1))] * 50)
    facts = read(twice, Limits(findings=10))
    assert len(facts.violations) == 10 and facts.gaps


def test_an_unknown_version_is_a_gap() -> None:
    (gap,) = read(b"GGUF" + struct.pack("<I", 4) + bytes(100)).gaps
    assert "version 4" in gap.why


def test_a_hundred_thousand_tokens_are_walked() -> None:
    tokens = LAYOUT.array(STRING, [f"token{index}" for index in range(100_000)])
    facts = read(gguf([("tokenizer.ggml.tokens", tokens), ("b", LAYOUT.string("end"))]))
    assert facts.gaps == () and facts.values[-1].key == "b"


def test_a_text_longer_than_a_window() -> None:
    tokens = LAYOUT.array(STRING, ["a" * 300_000, "b", "<0x-2>"])
    assert broken(gguf([("tokenizer.ggml.tokens", tokens)])) == {Invariant.BYTE_TOKEN}


def test_each_dimension_counts_though_the_product_is_zero() -> None:
    assert broken(tensor_file(Tensor(dims=(2**62, 2, 0)), data=b"")) == {Invariant.SIZE_OVERFLOW}
    assert broken(tensor_file(Tensor(dims=(2**40, 0)), data=b"")) == set()


def test_an_unknown_type_is_of_unknown_size() -> None:
    data = tensor_file(Tensor("a", kind=300), Tensor("b", (8,), 0, 64), data=bytes(96))
    facts = read(data)
    assert broken(data) == {Invariant.KNOWN_TYPE}
    assert len(facts.gaps) == 1 and facts.uncovered == ()


def test_padding_that_is_long_is_handed_on() -> None:
    pairs = [("general.alignment", LAYOUT.scalar(U32, 4096))]
    facts = read(gguf(pairs, [Tensor()], bytes(128), alignment=4096))
    assert [span.is_padding for span in facts.uncovered] == [True]
    assert facts.violations == ()


def test_arrays_in_arrays_are_read_to_a_depth() -> None:
    inner = LAYOUT.array(F32, [1.0])[4:]
    nested = struct.pack("<IIQ", files.ARRAY, files.ARRAY, 2) + inner * 2
    assert read(gguf([("a", nested), ARCHITECTURE])).gaps == ()
