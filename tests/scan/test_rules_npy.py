"""What is said about a npy file."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.rules_npy import RULE_OF, RULES, examine_npy
from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.limits import Limits
from modelward.formats.npy import MAGIC, Expectation
from modelward.formats.source import Budget, BytesSource


def save(*arrays: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    for array in arrays:
        np.save(file, array)
    return file.getvalue()


def build(header: str, data: bytes = b"") -> bytes:
    return MAGIC + b"\1\0" + len(header).to_bytes(2, "little") + header.encode() + data


def examine(raw: bytes, limits: Limits | None = None) -> list[Said]:
    return list(examine_npy(BytesSource(raw), Here(("array",), limits or Limits(), Budget(0))))


def content(said: Said) -> bytes:
    assert isinstance(said, Nested) and not said.raw
    return said.source.read(0, said.source.size)


def rules(said: list[Said]) -> list[str]:
    return [one.rule.id for one in said if isinstance(one, Finding)]


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("unpickled",)


def test_every_expectation_has_a_rule_of_its_own() -> None:
    assert set(RULE_OF) == set(Expectation)
    assert len({rule.id for rule in RULES}) == len(RULES) == len(Expectation) + 2


@pytest.mark.parametrize(
    "dtype",
    ["?", "<i4", ">f8", "G", "S5", "<U7", "V3", "<M8[ns]", [("a", "<i4"), ("b", [("c", "<f4", (2, 3)), ("d", "U2")])]],
    ids=str,
)
def test_arrays_of_numbers_and_text_have_nothing_to_say(dtype: Any) -> None:
    for array in (np.zeros((2, 3), dtype), np.zeros((), dtype), np.zeros((0, 1), dtype), np.zeros((2, 3), dtype, "F")):
        assert examine(save(array)) == []


# numpy.load unpickles arrays of objects: https://nvd.nist.gov/vuln/detail/CVE-2019-6446
@pytest.mark.parametrize("dtype", ["O", [("a", "<i4"), ("b", [("c", "O")])]], ids=str)
def test_the_pickle_of_an_object_array_is_handed_on(dtype: Any) -> None:
    array = np.zeros(1, dtype)
    array.flat[0] = Hostile() if dtype == "O" else (1, (Hostile(),))
    raw = save(array)
    finding, pickled = examine(raw)
    assert isinstance(finding, Finding)
    assert (finding.rule.id, finding.severity) == ("npy-object-array", Severity.INFO)
    assert content(pickled) == raw[raw.index(b" \n") + 2 :]
    assert content(pickled).startswith(pickle.PROTO)


def test_an_object_array_may_have_any_shape() -> None:
    """numpy compares the shape only after it has unpickled."""
    said = examine(build("{'descr': '|O', 'fortran_order': False, 'shape': (-1,)}", b"payload"))
    assert rules(said) == ["npy-invalid-shape", "npy-object-array"]
    assert content(said[-1]) == b"payload"


# With allow_pickle=True numpy has no limit for the header, so a long one hides no pickle from numpy.
def test_the_pickle_behind_a_long_header() -> None:
    said = examine(build("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}" + " " * 20_000, b"payload"))
    assert rules(said) == ["npy-long-header", "npy-object-array"]
    assert content(said[-1]) == b"payload"


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'descr': 'object', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': 'object', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': 'O,i4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a', '|O'), 5], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|' 'O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)} # comment",
    ],
)
def test_what_follows_a_header_that_was_not_understood_is_handed_on(header: str) -> None:
    *reasons, rest = examine(build(header, b"payload"))
    assert reasons
    assert content(rest) == b"payload"


def test_arrays_saved_one_after_the_other() -> None:
    numbers, objects = np.arange(3), np.array([None], object)
    assert examine(save(numbers, numbers.astype("f4"), np.array(1))) == []
    finding, pickled = examine(save(numbers, objects))
    assert isinstance(finding, Finding)
    before = len(save(numbers))
    assert finding.at.span is not None and finding.at.span[0] == before
    assert content(pickled) == content(examine(save(objects))[1])


def test_too_many_arrays_are_a_gap() -> None:
    raw = save(*[np.array(1)] * 5)
    assert examine(raw, Limits(entries=5)) == []
    (gap,) = examine(raw, Limits(entries=4))
    assert isinstance(gap, Unexamined)
    assert gap.at.span == (len(raw) // 5 * 4, len(raw))


REAL = save(np.arange(4, dtype="<i2"))


@given(st.binary(min_size=1, max_size=30).filter(lambda suffix: not suffix.startswith(MAGIC)))
@settings(deadline=None)
def test_every_suffix_that_is_no_array_is_found_and_handed_on(suffix: bytes) -> None:
    finding, rest = examine(REAL + suffix)
    assert isinstance(finding, Finding) and finding.rule.id == "npy-trailing-bytes"
    assert content(rest) == suffix


@given(st.binary(max_size=24))
@settings(deadline=None)
def test_a_suffix_that_begins_like_an_array_is_one_more_array_and_is_judged(suffix: bytes) -> None:
    assert examine(REAL + MAGIC + suffix)


@given(st.integers(0, len(REAL) - 1), st.integers(0, 255))
@settings(deadline=None, max_examples=300)
def test_no_inserted_byte_goes_unnoticed(at: int, byte: int) -> None:
    assert examine(REAL[:at] + bytes([byte]) + REAL[at:])


@given(st.integers(1, len(REAL) - 1))
@settings(deadline=None)
def test_a_truncated_file_says_how_to_repair_it(end: int) -> None:
    (gap,) = examine(REAL[:end])
    assert isinstance(gap, Unexamined)
    assert gap.do


def test_a_header_with_code_is_a_finding() -> None:
    header = "{'descr': __import__('os').system('echo'), 'fortran_order': False, 'shape': (1,)}"
    (finding,) = examine(build(header))
    assert isinstance(finding, Finding)
    assert (finding.rule.id, finding.severity) == ("npy-header-syntax", Severity.MEDIUM)
