"""The streaming judgement agrees with the parser of the standard library."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.formats.json_text import JsonText

PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | PRINTABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PRINTABLE, inner, max_size=4),
    max_leaves=12,
)


def is_json(text: bytes, window: int = 1 << 18) -> bool:
    judge = JsonText()
    for at in range(0, len(text), window):
        judge.feed(text[at : at + window])
    return judge.finish()


def parses(text: bytes) -> bool:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        json.loads(text.decode(), parse_constant=refuse)
    except ValueError:
        return False
    return True


@given(VALUES, st.sampled_from([None, 1, 4]), st.booleans(), st.integers(1, 40))
def test_every_document_is_recognised_whatever_the_windows(
    value: Any, indent: int | None, ascii_only: bool, window: int
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert is_json(text, window)


@given(VALUES, st.data(), st.integers(1, 40))
def test_a_damaged_document_is_judged_as_the_standard_parser_does(value: Any, data: st.DataObject, window: int) -> None:
    text = json.dumps(value).encode()
    at = data.draw(st.integers(0, len(text)))
    patch = data.draw(st.sampled_from([b"", b'"', b"\\", b"{", b"]", b",", b":", b"0", b" ", b"e", b"-", b"null"]))
    text = text[:at] + patch + text[at + data.draw(st.integers(0, 2)) :]
    assert is_json(text, window) == parses(text)


@given(st.text(st.sampled_from('[]{}",:01.eE-+ \\untrfals'), max_size=30), st.integers(1, 30))
def test_soup_of_json_characters_is_judged_as_the_standard_parser_does(text: str, window: int) -> None:
    assert is_json(text.encode(), window) == parses(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        b"NaN",
        b"[1,]",
        b"[1 2]",
        b'{"a":1,}',
        b"{1:2}",
        b'"\t"',
        b"01",
        b"1.",
        b"[",
        b"",
        b" ",
        b'"a" "b"',
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_only_lenient_parsers_accept_is_no_json(text: bytes) -> None:
    assert not is_json(text)


def test_a_mark_never_stands_for_text_of_the_document() -> None:
    assert not is_json(b'["a[" oops "]b"]')
    assert not is_json(b"[1[2],3]")
    assert is_json(b'["a[", "]b", "\\"[{", 2]')


def test_nesting_beyond_the_bound_is_not_recognised_and_costs_little() -> None:
    assert is_json(b"[" * 30 + b"]" * 30)
    assert not is_json(b"[" * 100_000 + b"]" * 100_000)


def test_a_large_document_is_judged_in_the_memory_of_a_few_windows() -> None:
    judge = JsonText()
    window = b"".join(b'"token %d": [%d, {"a": 1}], ' % (number, number) for number in range(1_000))
    tracemalloc.start()
    judge.feed(b'{"vocab": {')
    for _ in range(32):
        judge.feed(window)
    judge.feed(b'"end": 0}}')
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert judge.finish()
    assert peak < 16 * len(window)
