from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.manifest.model import PREDICATE_TYPE, Manifest, decode, encode, read
from modelward.core import canonical
from modelward.core.artifact import Blob, tree_digest
from modelward.core.digest import Digest
from modelward.core.errors import Malformed
from modelward.core.finding import Location, Unexamined
from modelward.core.statement import Statement

HEX = "ab" * 32
NAMES = st.binary(min_size=1, max_size=4).filter(lambda name: b"/" not in name and name not in (b".", b".."))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: canonical.escape_bytes(b"/".join(parts)))
BLOBS = st.builds(
    lambda raw, size: Blob(Digest("sha256", raw.hex()), size),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**60),
)
PAIRS = st.lists(st.tuples(PATHS, st.text("ab./ \u20ac", max_size=5)), max_size=3)
MANIFESTS = st.builds(
    Manifest,
    st.dictionaries(PATHS, BLOBS, max_size=4) | st.fixed_dictionaries({"": BLOBS}),
    PAIRS.map(tuple),
    st.lists(PATHS, max_size=3).map(tuple),
    st.lists(PATHS, max_size=3).map(tuple),
    PAIRS.map(tuple),
)


def ordered(manifest: Manifest) -> Manifest:
    def once(values: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(sorted(set(values)))

    return Manifest(
        manifest.files,
        once(manifest.links),
        once(manifest.left_out),
        once(manifest.excluded),
        once(manifest.unreadable),
    )


@given(MANIFESTS)
def test_a_manifest_is_read_back_from_its_statement(manifest: Manifest) -> None:
    statement = Statement.make(tree_digest(manifest.files), PREDICATE_TYPE, encode(manifest))
    body = Statement.parse(statement.raw).predicate
    assert decode(body) == ordered(manifest)
    assert encode(decode(body)) == body
    assert tree_digest(decode(body).files) == statement.subject


@given(MANIFESTS, st.randoms(use_true_random=False))
def test_the_order_in_which_it_was_put_together_does_not_matter(manifest: Manifest, random: Any) -> None:
    def shuffled(values: Iterable[Any]) -> tuple[Any, ...]:
        listed = list(values)
        random.shuffle(listed)
        return tuple(listed)

    other = Manifest(
        dict(shuffled(manifest.files.items())),
        shuffled(manifest.links),
        shuffled(manifest.left_out),
        shuffled(manifest.excluded),
        shuffled(manifest.unreadable),
    )
    assert encode(other) == encode(manifest)


def test_the_bytes_of_a_manifest() -> None:
    """Frozen: every statement ever made is written this way."""
    manifest = Manifest(
        {"b": Blob(Digest("sha256", HEX), 1)}, (("b", "a"),), (".git",), ("c", "d/e"), (("f", "why"), ("", "closed"))
    )
    assert canonical.encode(encode(manifest)).decode() == (
        '{"excluded":["c","d/e"],'
        f'"files":[{{"path":"b","sha256":"{HEX}","size":1}}],'
        '"left_out":[".git"],"links":[{"path":"b","target":"a"}],'
        '"unreadable":[{"path":"","why":"closed"},{"path":"f","why":"why"}]}'
    )


def test_what_is_unreadable_is_unexamined_and_nothing_else_is_said() -> None:
    manifest = Manifest({}, (("l", "t"),), (".git",), ("x",), (("a/b", "permission denied"), ("", "closed")))
    assert list(read(manifest)) == [
        Unexamined(Location(None, ("a/b",)), "permission denied"),
        Unexamined(Location(None), "closed"),
    ]


EMPTY: dict[str, Any] = {"files": [], "links": [], "left_out": [], "excluded": [], "unreadable": []}
FILE: dict[str, Any] = {"path": "a", "sha256": HEX, "size": 1}


def test_a_manifest_without_anything() -> None:
    assert decode(EMPTY) == Manifest({})
    assert encode(Manifest({})) == EMPTY


@pytest.mark.parametrize("key", EMPTY)
@pytest.mark.parametrize("value", [None, 1, "", "a", {}, {"path": "a"}, [1], [None], [[]], [["a"]], [{}]])
def test_parts_of_another_shape(key: str, value: Any) -> None:
    with pytest.raises(Malformed):
        decode(EMPTY | {key: value})


@pytest.mark.parametrize("key", EMPTY)
def test_a_part_that_is_missing(key: str) -> None:
    with pytest.raises(Malformed):
        decode({name: value for name, value in EMPTY.items() if name != key})


@pytest.mark.parametrize(
    "change",
    [
        {"more": []},
        {"files": [FILE, FILE]},
        {"files": [FILE | {"path": "b"}, FILE]},
        {"files": [FILE | {"path": ""}, FILE]},
        {"files": [FILE | {"size": -1}]},
        {"files": [FILE | {"sha256": HEX.upper()}]},
        {"links": [{"path": "a"}]},
        {"links": [{"path": "a", "target": "b", "more": 1}]},
        {"links": [{"path": "a", "target": 1}]},
        {"links": [{"path": "b", "target": "a"}, {"path": "a", "target": "a"}]},
        {"links": [{"path": "a", "why": "b"}]},
        {"left_out": ["b", "a"]},
        {"left_out": ["a", "a"]},
        {"excluded": ["b", "a"]},
        {"unreadable": [{"path": "a", "why": None}]},
        {"unreadable": [{"path": "a", "why": "x"}] * 2},
        {"unreadable": [{"path": "a", "target": "x"}]},
    ],
)
def test_what_encode_would_not_write(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        decode(EMPTY | change)


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", "a/../b", "..", ".", "./a", "a/.", "a//b", "a/", "/"])
def test_a_path_that_could_name_a_file_outside_the_tree(path: str) -> None:
    """model-signing 1.1.1 reads such a file: https://github.com/sigstore/model-transparency"""
    for change in (
        {"files": [FILE | {"path": path}]},
        {"links": [{"path": path, "target": "a"}]},
        {"left_out": [path]},
        {"excluded": [path]},
        {"unreadable": [{"path": path, "why": "x"}]},
    ):
        with pytest.raises(Malformed):
            decode(EMPTY | change)


@given(MANIFESTS.map(encode), st.data())
def test_any_other_value_anywhere_is_malformed_or_another_manifest(body: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(body)))
    value = data.draw(st.recursive(st.none() | st.text("a/.", max_size=3), lambda inner: st.lists(inner, max_size=2)))
    changed = body | {key: value}
    try:
        manifest = decode(changed)
    except Malformed:
        return
    assert encode(manifest) == changed
