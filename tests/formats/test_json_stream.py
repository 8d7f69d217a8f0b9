"""Large documents are read like small ones, but for their masses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.formats import json_stream
from modelward.formats.json_stream import read
from modelward.formats.json_tree import NotJson, Object, parse
from modelward.formats.source import BytesSource

TEXTS = st.text(max_size=20)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.none() | st.floats(allow_nan=False) | st.integers(-(2**50), 2**50),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=30,
)


def without_numbers(value: object) -> object:
    """Numbers in lists are passed over."""
    if isinstance(value, Object):
        return Object((key, without_numbers(item)) for key, item in value)
    if isinstance(value, list):
        return [without_numbers(item) for item in value if type(item) is not float]
    return value


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_WINDOW", 7)
    monkeypatch.setattr(json_stream, "_LOW", 5)


def as_small(value: Any, **how: Any) -> None:
    raw = json.dumps(value, **how).encode()
    found, wanted = read(BytesSource(raw)), without_numbers(parse(raw))
    assert type(found) is type(wanted)
    assert found == wanted


@given(VALUES)
def test_reads_what_the_parser_reads(value: object) -> None:
    as_small(value)
    as_small(value, indent=1, ensure_ascii=False)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize(
    "value",
    [
        {"a": "b", "c": 'd\\"e', "f": {"g": [1, 2, "x", [3, "y"], {"h": None}]}, "\u00e9": "\U0001f600" * 5},
        [[], {}, [[]], "x" * 50, {"k" * 30: "v" * 30, "l": "m"}],
        "text",
        {"a": True, "b": -1.5e-3, "c": [True, False, None]},
    ],
)
def test_windows_may_end_anywhere(value: object) -> None:
    as_small(value)
    as_small(value, indent=3)


def test_repeated_keys_are_kept() -> None:
    found = read(BytesSource(b'\xef\xbb\xbf{"a": 1, "b": "x", "b": "y", "a": {"c": NaN}} \n'))
    assert isinstance(found, Object)
    assert [key for key, _ in found] == ["a", "b", "b", "a"]
    assert found.all("b") == ["x", "y"]


def test_masses_are_passed_over_and_what_stands_behind_them_is_not() -> None:
    body = {
        "vocab": {f"w{number}": number for number in range(20_000)} | {"chat_template": "x", "last": {"a": "b"}},
        "merges": [f"a b{number}" for number in range(20_000)] + [{"c": "d"}, "e" * 300],
        "scores": [[f"w{number}", -1.5] for number in range(20_000)],
        "numbers": list(range(20_000)),
    }
    found = read(BytesSource(json.dumps(body).encode()))
    assert isinstance(found, Object)
    vocabulary, merges, scores, numbers = (value for _, value in found)
    assert vocabulary.get("chat_template") == "x"
    assert vocabulary.get("last").get("a") == "b"
    assert len(vocabulary) < 2_000
    assert merges[-2].get("c") == "d"
    assert merges[-1] == "e" * 300
    assert len(merges) < 2_000
    assert len(scores) < 2_000
    assert numbers == []


def test_an_index_is_kept_whole() -> None:
    index = {"weight_map": {f"layer.{number}": f"model-{number % 9}.safetensors" for number in range(50_000)}}
    found = read(BytesSource(json.dumps(index).encode()))
    assert isinstance(found, Object)
    (kept,) = found.all("weight_map")
    assert isinstance(kept, Object)
    assert len(kept) == 50_000


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b'{"a"', b'{"a":', b'{"a": 1', b"[1, 2", b'"abc', b"{1: 2}", b"[}", b'{"a" 1}', b"nope",
     b"[] []", b'{"a": "\xff"}', b"[" * 300, b'["\\x"]', b"[1}", b'{"a": ]}', b"[-]"],
)  # fmt: skip
def test_what_is_no_document_is_refused(raw: bytes) -> None:
    with pytest.raises(NotJson):
        read(BytesSource(raw))


def test_every_cut_is_refused() -> None:
    raw = json.dumps({"a": ["b", {"c": "d\\n"}], "e": None, "f": "g"}).encode()
    for size in range(len(raw)):
        with pytest.raises(NotJson):
            read(BytesSource(raw[:size]))


@pytest.mark.parametrize("raw", [b"[" + b"{}," * 300_000 + b"{}]", b'["' + b"x" * (17 << 20) + b'"]'])
def test_what_would_take_too_much_memory_is_refused(raw: bytes) -> None:
    with pytest.raises(NotJson):
        read(BytesSource(raw))
