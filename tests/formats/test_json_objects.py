"""Objects of large documents: the same as json.loads finds, whatever the windows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.formats import json_objects
from modelward.formats.cursor import Broken
from modelward.formats.json_objects import objects, texts
from modelward.formats.source import BytesSource

KEYS = frozenset(("a", "b", "é"))
TEXTS = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "é", "c"]), inner),
    max_leaves=20,
)


def expected(value: Any) -> list[dict[str, Any]]:
    """The objects in the order in which they end, with their texts under KEYS."""
    found = []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        found += expected(item)
    if isinstance(value, dict):
        found.append({key: item for key, item in value.items() if key in KEYS and isinstance(item, str)})
    return found


def found(data: bytes) -> list[dict[str, Any]]:
    return [
        {key: item for key, item in seen.members.items() if isinstance(item, str)}
        for seen in objects(BytesSource(data), KEYS)
    ]


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
@settings(deadline=None)
def test_as_json_loads_has_it(value: Any, ascii_only: bool, indent: int | None) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    assert found(data) == expected(value)


def test_windows_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    value = [{"a": "x" * index, "b": {"é": "y" * 50}} for index in range(60)]
    monkeypatch.setattr(json_objects, "_WINDOW", 256)
    monkeypatch.setattr(json_objects, "_BEYOND", 64)
    assert found(json.dumps(value, indent=2).encode()) == expected(value)


def test_the_last_of_a_repeated_key() -> None:
    (seen,) = objects(BytesSource(b'{"a": "x", "c": 1, "a": "y"}'), KEYS)
    assert seen.members == {"a": "y"} and seen.is_repeated


def test_escaped_keys_are_keys() -> None:
    (seen,) = objects(BytesSource(b'{"\\u0061": "x"}'), KEYS)
    assert seen.members == {"a": "x"}


def test_where_and_how_deep() -> None:
    seen = next(objects(BytesSource(b'{"b": [1, {"a": 5}]}'), KEYS))
    assert (seen.start, seen.end, seen.path[1:], seen.members) == (10, 18, ["b", "[]"], {"a": 5.0})
    deep = b'{"a": ' * 9 + b'"x"' + b"}" * 9
    *_, outermost = objects(BytesSource(deep), KEYS)
    depth, members = 0, outermost.members
    while members:
        depth, members = depth + 1, members["a"]
    assert depth == 6


@pytest.mark.parametrize("data", [b'{"a": [', b'{"a": 1', b'{"a": 1}}', b'{"a": 1] ', b'[{"a": "x]', b"\xff\xfe{\0}\0"])
def test_what_is_no_json_is_broken(data: bytes) -> None:
    with pytest.raises(Broken):
        list(objects(BytesSource(data), KEYS))


def test_texts_in_lists_belong_to_the_key() -> None:
    data = b'{"a": ["x", ["y", {"c": "z", "b": "w"}]], "c": ["v"]}'
    assert [(key, text) for key, text, _, _ in texts(BytesSource(data), KEYS)] == [("a", "x"), ("a", "y"), ("b", "w")]
    _, _, start, end = next(texts(BytesSource(data), KEYS))
    assert data[start:end] == b'x"'
