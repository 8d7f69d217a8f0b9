"""What is said about a safetensors file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.rules_safetensors import RULE_OF, RULES, examine_safetensors
from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.limits import Limits
from modelward.formats.safetensors import Invariant
from modelward.formats.source import Budget, BytesSource

REAL = save(
    {
        "model.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "model.bias": np.zeros(3, np.float16),
        "mask": np.array([True, False]),
        "step": np.array(7),
        "empty": np.zeros((0, 4), np.int8),
    },
    {"format": "pt", "note": "import os; os.system('echo') is only text here"},
)


def examine(raw: bytes) -> list[Said]:
    return list(examine_safetensors(BytesSource(raw), Here(("weights",), Limits(), Budget(0))))


def build(header: object, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_every_invariant_has_a_rule_of_its_own() -> None:
    assert set(RULE_OF) == set(Invariant)
    assert len({rule.id for rule in RULES}) == len(RULES) == len(Invariant)


def test_of_a_real_file_the_texts_are_handed_on() -> None:
    (text,) = examine(REAL)
    assert isinstance(text, Nested)
    assert text.name == "<metadata note>"


def test_a_finding_names_tensor_and_bytes() -> None:
    raw = build({"layer\n\x1b[2Jfine": {"dtype": "I16", "shape": [3], "data_offsets": [0, 4]}}, b"abcd")
    (finding,) = examine(raw)
    assert isinstance(finding, Finding)
    assert finding.rule.id == "safetensors-size-mismatch"
    assert finding.severity is Severity.HIGH
    assert finding.at.inside == ("weights",)
    assert finding.at.span == (len(raw) - 4, len(raw))
    assert r"'layer\n\x1b[2Jfine'" in finding.message


# Holes and trailers make polyglot files, which the format's rules are there to prevent:
# https://github.com/huggingface/safetensors#format
@pytest.mark.parametrize("name", ["safetensors-uncovered-bytes", "safetensors-trailing-bytes"])
def test_bytes_outside_of_tensors_are_handed_on(name: str) -> None:
    hidden = b"cos\nsystem\n."
    before = len(hidden) if name == "safetensors-uncovered-bytes" else 0
    header = {"a": {"dtype": "U8", "shape": [2], "data_offsets": [before, before + 2]}}
    finding, nested = examine(build(header, hidden + b"ab" if before else b"ab" + hidden))
    assert isinstance(finding, Finding) and finding.rule.id == name
    assert isinstance(nested, Nested) and nested.raw
    assert nested.source.read(0, nested.source.size) == hidden


@given(st.integers(1, len(REAL) - 1))
@settings(deadline=None)
def test_a_truncated_file_says_how_to_repair_it(end: int) -> None:
    (gap,) = (said for said in examine(REAL[:end]) if not isinstance(said, Nested))
    assert isinstance(gap, Unexamined)
    assert gap.why.startswith("file ends")
    assert gap.do


def test_an_unknown_dtype_is_low_and_unexamined() -> None:
    finding, gap = examine(build({"a": {"dtype": "F2", "shape": [4], "data_offsets": [0, 1]}}, b"a"))
    assert isinstance(finding, Finding) and finding.severity is Severity.LOW
    assert isinstance(gap, Unexamined) and not gap.do
