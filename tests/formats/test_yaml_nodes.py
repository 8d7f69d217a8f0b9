"""What begins a tag, and what only looks like one: https://yaml.org/spec/1.1/"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.formats import yaml_nodes
from modelward.formats.yaml_nodes import Expansion, Node, TooManyNodes, handles_in, read_yaml, resolve_tag
from modelward.formats.yaml_tokens import NotYaml

CORE = "tag:yaml.org,2002:"


def nodes(text: str) -> list[Node]:
    return [node for node in read_yaml(text) if isinstance(node, Node)]


def tags(text: str) -> list[str]:
    return [node.tag for node in nodes(text) if node.tag]


def values(text: str) -> dict[str, str]:
    return {node.path: node.value for node in nodes(text) if node.kind != "mapping" and not node.path.endswith("?")}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("!!a b", [CORE + "a"]),
        ("!a", ["!a"]),
        ("!<x:y> z", ["x:y"]),
        ("!!%61 b", [CORE + "a"]),
        ("%TAG !e! x:\n---\n!e!a b", ["x:a"]),
        ("%TAG !! x:\n---\n!!a b", ["x:a"]),
        ("%TAG ! x:\n---\n!a b\n---\n!a b", ["x:a", "!a"]),
        ("a: &x !b c", ["!b"]),
        ("a: !b &x c", ["!b"]),
        ("[!a b, {!c d: !e f}]", ["!a", "!c", "!e"]),
        ("- !a\n- !b\n", ["!a", "!b"]),
        ("? !a b\n: !c d\n", ["!a", "!c"]),
        ("a:\n  !b\n  c: d\n", ["!b"]),
        ("a: |\n  text\nb: !c d\n", ["!c"]),
        ("a:\n- |1\n  text\n-\n  !c d\n", ["!c"]),
        ("# text\u2028!a b", ["!a"]),
    ],
)
def test_tags(text: str, found: list[str]) -> None:
    assert tags(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "a: '!b'",
        'a: "\n !b"',
        "a: b\n  !c",
        "a: |\n  !b\n\n  !c\n",
        "a: >2\n   !b\n",
        "a # !b",
        "a!b: c!d",
        "- a\n  !b",
        "{a: b !c}",
    ],
)
def test_no_tags(text: str) -> None:
    assert tags(text) == []


def test_values_with_their_paths() -> None:
    text = 'a:\n  b: [x, {c: "y\\x21"}]\n  d: its\n? e\n:\n- f\n- g: h\ni: >-\n  j\n  k\n'
    found = {"a.b": "", "a.b[0]": "x", "a.b[1].c": "y!", "a.d": "its", "e[0]": "f", "e[1].g": "h", "i": "j k"}
    assert values(text) == found


def test_escapes_and_folds_in_quotes() -> None:
    text = '{"\\x5ftar\\u0067et_": 1, "a\\\n  b": 2, "c\n  d": 3, \'e\'\'f\': 4}'
    assert [node.key for node in nodes(text) if node.key] == ["_target_", "ab", "c d", "e'f"]


def test_an_alias_has_the_value_of_its_anchor() -> None:
    assert values("a: &x y\nb: *x\n") == {"a": "y", "b": "y"}


def test_aliases_expand() -> None:
    (found,) = (one for one in read_yaml("a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n") if isinstance(one, Expansion))
    assert found.expanded > found.nodes


@pytest.mark.parametrize("text", ["@a", "`a`", "a: b: c", "'a", '"a', "a: - b", "a\nb: c\n", "a: |x\n"])
def test_no_scanner_goes_on(text: str) -> None:
    with pytest.raises(NotYaml):
        nodes(text)


def test_there_is_an_end_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "MOST_TOKENS", 100)
    with pytest.raises(TooManyNodes):
        nodes("- a\n" * 200)


def test_depth_costs_no_stack() -> None:
    assert len(nodes("[" * 20_000)) == 20_000
    assert len(nodes("- " * 20_000)) == 20_000


def test_handles_anywhere() -> None:
    assert resolve_tag("!e!b", handles_in("text\n%TAG !e! a")) == "ab"


PIECES = st.sampled_from(
    "!a|!!b|&c |*c|- |: |? |\n|\n  |[|]|{|}|, |\"|'|>|# | |k|---\n|%TAG !e! f\n|!e!g|\t|\u2028|\\|...".split("|")
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_nothing_else_comes_out(text: str) -> None:
    try:
        for node in read_yaml(text):
            assert 0 <= node.at <= len(text)
    except NotYaml as error:
        assert 0 <= error.at <= len(text)
