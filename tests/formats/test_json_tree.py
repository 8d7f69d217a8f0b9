from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.formats.json_tree import LARGEST, NotJson, Object, objects, parse, values

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def plain(value: Any) -> Any:
    if isinstance(value, Object):
        return {key: plain(inner) for key, inner in value}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


@given(JSON)
def test_reads_what_json_writes(value: Any) -> None:
    assert plain(parse(json.dumps(value).encode())) == value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-be"])
def test_encodings_of_json_loads(encoding: str) -> None:
    assert parse('{"k": "ä"}'.encode(encoding)) == [("k", "ä")]


def test_repeated_keys_are_kept() -> None:
    body = parse(b'{"a": 1, "a": {"b": 2}}')
    assert isinstance(body, Object)
    assert body.all("a") == [1.0, [("b", 2.0)]]
    assert body.get("a") == [("b", 2.0)]
    assert body.get("b") is None


def test_places() -> None:
    body = parse(b'{"a": [{"b": 1}, 2]}')
    assert [path for path, _ in values(body)] == ["$", "$.a", "$.a[0]", "$.a[0].b", "$.a[1]"]
    assert [path for path, _ in objects(body)] == ["$", "$.a[0]"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff", b"[" * 100_000, b"[" * 201 + b"]" * 201, b"[" + b"1," * LARGEST, b"[" + b"1," * 1_000_000],
    ids=str,
)
def test_what_is_not_parsed(raw: bytes) -> None:
    with pytest.raises(NotJson):
        parse(raw)


def test_numbers_of_any_length() -> None:
    assert parse(b"[" + b"9" * 10_000 + b", NaN]") is not None
