"""XGBoost's trees: every number of a node is looked at, wherever the windows end."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus.formats import ubjson, xgboost

from modelward.formats.source import BytesSource
from modelward.formats.ubjson import read_ubjson
from modelward.formats.value_tree import Gap
from modelward.formats.xgboost import Stray, strays_in_json, strays_in_ubjson


def strays(data: bytes) -> list[Stray]:
    return strays_in_json(BytesSource(data))


def test_which_node_of_which_list() -> None:
    data = xgboost.hostile()["child below"]
    (stray,) = strays(data)
    assert (stray.name, stray.node, stray.nodes) == ("right_children", -9, 3)
    assert data[stray.at :].startswith(b"-9")


@pytest.mark.parametrize("before", [0, 100, (1 << 18) - 120, (1 << 18) - 20, 1 << 18])
def test_wherever_the_window_ends(before: int) -> None:
    data = b'{"x": "' + b"y" * before + b'", ' + xgboost.hostile()["child"][1:]
    assert len(strays(data)) == 1


@pytest.mark.parametrize("last", [199_999, 200_000])
def test_a_long_list(last: int) -> None:
    children = [*range(1, 200_000), last]
    assert len(strays(xgboost.model(xgboost.tree(left=children)))) == (last == 200_000)


@pytest.mark.parametrize("word", ["9" * 50, "1e9", "x", "--1", "- 1", ""])
def test_what_is_no_number(word: str) -> None:
    data = xgboost.model(xgboost.tree(left=[777, -1])).replace(b"777", word.encode())
    assert len(strays(data)) <= 1


def test_the_sign_can_come_last() -> None:
    body = {"learner": {"a": [xgboost.tree(left=[9])], "gradient_booster": {}}}
    assert len(strays(json.dumps(body).encode())) == 1


@pytest.mark.parametrize(("kind", "width"), [("U", 1), ("i", 1), ("I", 2), ("l", 4), ("L", 8)])
def test_binary_lists(kind: str, width: int) -> None:
    good, bad = (b"".join(n.to_bytes(width, "big") for n in of) for of in ([1, 2, 0], [1, 3, 0]))
    assert strays_in_ubjson(BytesSource(good), "left_children", 0, len(good), kind) == []
    (stray,) = strays_in_ubjson(BytesSource(bad), "left_children", 0, len(bad), kind)
    assert (stray.node, stray.nodes) == (3, 3)


def test_a_binary_list_without_one_type_is_a_gap() -> None:
    data = ubjson.packed({"learner": {"left_children": [1, 2]}})
    assert any(isinstance(part, Gap) for part in read_ubjson(BytesSource(data)))


@given(st.binary(max_size=60), st.integers(0, 300))
def test_damage_raises_nothing(noise: bytes, at: int) -> None:
    data = xgboost.model(xgboost.tree())
    strays(data[:at] + noise + data[at + len(noise) :])
