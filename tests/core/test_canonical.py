from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelward.core import canonical
from modelward.core.errors import Malformed

SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FLOATS = st.floats(-(2.0**53), 2.0**53, exclude_min=True, exclude_max=True)  # larger whole ones come back as integers
VALUES = st.recursive(
    st.none() | st.booleans() | SAFE | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def test_the_example_of_rfc_8785() -> None:
    """https://www.rfc-editor.org/rfc/rfc8785#section-3.2.2"""
    given = r"""{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }"""
    expected = (
        r'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        r'"string":"€$\u000f\nA' + r"'" + r'B\"\\\\\"/"}'
    )
    assert canonical.encode(canonical.decode(given)) == expected.encode()


def test_keys_are_sorted_by_utf_16() -> None:
    """https://www.rfc-editor.org/rfc/rfc8785#section-3.2.3"""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(canonical.encode(dict.fromkeys(keys, 0)))
    assert list(written) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@given(VALUES)
def test_what_was_written_is_read_and_written_again(value: Any) -> None:
    raw = canonical.encode(value)
    assert canonical.decode(raw) == value
    assert canonical.encode(canonical.decode(raw)) == raw
    assert canonical.decode(raw.decode()) == value


def endless() -> list[Any]:
    nest: list[Any] = []
    for _ in range(100_000):
        nest = [nest]
    return nest


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), 10**5000, math.nan, math.inf, "\ud800", {"\ud800": 1}, {1: 2}, b"x", {1, 2}, object(), endless()],
    ids=lambda value: type(value).__name__,
)
def test_what_rfc_8785_cannot_carry(value: Any) -> None:
    with pytest.raises(Malformed):
        canonical.encode({"value": value})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"1 2",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"[-1e999]",
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":1,"\\u0061":2}',
        b'"\\ud800"',
        b'{"\\udfff":1}',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'\xef\xbb\xbf"a"',
        '"a"'.encode("utf-16"),
        '"a"'.encode("utf-32"),
        b'"\n"',
        b"'a'",
        b"9" * 5000,
        b"[" * 100_000 + b"]" * 100_000,
        '"\ud800"',
        "\ufeff1",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_two_parsers_would_read_differently(raw: bytes | str) -> None:
    with pytest.raises(Malformed):
        canonical.decode(raw)


def test_escaped_characters_outside_the_first_plane_are_read() -> None:
    assert canonical.decode(b'"\\ud83d\\ude00"') == "\U0001f600"


@given(st.binary(max_size=40) | st.text(max_size=20).map(lambda text: json.dumps([text]).encode()))
def test_any_bytes_are_a_value_or_malformed(raw: bytes) -> None:
    try:
        value = canonical.decode(raw)
    except Malformed as error:
        assert str(error).isprintable()
    else:
        assert json.loads(raw) == value


@given(st.binary(max_size=12), st.binary(max_size=12))
@example(b"\\xff", b"\xff")
@example(b"\\\\xff", b"\\\xff")
@example(b"\xed\xa0\x80", b"\\xed\\xa0\\x80")
@example("e\u0301".encode(), "\u00e9".encode())
def test_names_are_escaped_one_to_one(first: bytes, second: bytes) -> None:
    assert (canonical.escape_bytes(first) == canonical.escape_bytes(second)) == (first == second)
    assert canonical.decode(canonical.encode(canonical.escape_bytes(first))) == canonical.escape_bytes(first)


@given(TEXT)
def test_a_name_in_utf_8_stays_as_it_is(name: str) -> None:
    assert canonical.escape_bytes(name.encode()) == name.replace("\\", "\\\\")


@given(st.integers(-(2**60), 2**60) | st.integers(0, 5000).map(lambda shift: -(1 << shift)))
@example(2**53 - 1)
@example(2**53)
@example(1 << 100_000)
def test_any_integer_has_a_form_that_json_carries(value: int) -> None:
    form = canonical.integer(value)
    assert canonical.decode(canonical.encode(form)) == form
    assert isinstance(form, int) == (abs(value) < 2**53)
    assert int(str(form), 0) == value


@given(st.integers(0, 2**70))
@example(2**53 - 1)
@example(2**53)
def test_a_size_is_read_back(size: int) -> None:
    assert canonical.parse_size(canonical.integer(size)) == size


@pytest.mark.parametrize(
    "size", [-1, True, 1.0, "1", "x", "", None, [], 2**53, "-9007199254740992", "+9007199254740992"]
)
def test_what_is_no_size(size: object) -> None:
    with pytest.raises(Malformed):
        canonical.parse_size(size)
