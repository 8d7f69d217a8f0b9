from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from modelward.core import canonical
from modelward.core.artifact import Blob, file_artifact, file_list, parse_file_list, tree_artifact, tree_digest
from modelward.core.digest import Digest
from modelward.core.errors import Malformed

HEX = "ab" * 32


def blob(content: bytes) -> Blob:
    return Blob(Digest("sha256", hashlib.sha256(content).hexdigest()), len(content))


paths = st.binary(min_size=1, max_size=12).map(canonical.escape_bytes)
blobs = st.builds(
    lambda raw, size: Blob(Digest("sha256", raw.hex()), size),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**64),
)
trees = st.dictionaries(paths, blobs, max_size=6)


def test_the_tree_digest_of_a_fixed_tree() -> None:
    """Frozen: every statement ever made names trees this way."""
    listing = (
        b'[{"path":"a-b","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3},'
        b'{"path":"a/b","sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}]'
    )
    expected = Digest("sha3_256", hashlib.sha3_256(listing).hexdigest())
    assert tree_digest({"a/b": blob(b""), "a-b": blob(b"abc")}) == expected
    assert expected.value == "b794b449087c0f84b3ea84da357fe591bdd57cb91aae63fc75b5aa688230af64"


@given(trees)
def test_the_tree_digest_is_sha3_of_the_canonical_list(files: dict[str, Blob]) -> None:
    assert tree_digest(files).value == hashlib.sha3_256(canonical.encode(file_list(files))).hexdigest()


@given(trees, st.randoms(use_true_random=False))
def test_the_tree_digest_does_not_depend_on_order(files: dict[str, Blob], random: Any) -> None:
    shuffled = list(files.items())
    random.shuffle(shuffled)
    assert tree_digest(dict(shuffled)) == tree_digest(files)
    assert list(tree_artifact(dict(shuffled), "x").files) == sorted(files)


@given(trees.filter(bool), paths, blobs, st.data())
def test_every_change_changes_the_tree_digest(
    files: dict[str, Blob], path: str, other: Blob, data: st.DataObject
) -> None:
    assume(path not in files)
    old = data.draw(st.sampled_from(sorted(files)))
    assume(files[old] != other)
    rest = {name: content for name, content in files.items() if name != old}
    changed = [files | {path: other}, files | {old: other}, rest | {path: files[old]}, rest]
    digests = {tree_digest(tree) for tree in (files, *changed)}
    assert len(digests) == 5


@given(trees, trees)
def test_trees_with_one_digest_are_one_tree(first: dict[str, Blob], second: dict[str, Blob]) -> None:
    assert (tree_digest(first) == tree_digest(second)) == (first == second)


@given(trees)
def test_a_tree_is_never_the_file_that_holds_its_list(files: dict[str, Blob]) -> None:
    listing = canonical.encode(file_list(files))
    tree, file = tree_artifact(files, "x"), file_artifact(blob(listing), "x")
    assert tree.digest != file.digest
    assert tree.digest.value != file.digest.value
    assert tree.is_tree and not file.is_tree


@given(trees)
def test_the_file_list_is_read_back(files: dict[str, Blob]) -> None:
    assert parse_file_list(file_list(files)) == files
    assert file_list(parse_file_list(file_list(files))) == file_list(files)


def test_sorted_by_code_point_not_by_folder() -> None:
    files = {path: blob(b"") for path in ["a/b", "a-b", "a.b", "\U0001f600", "\uffee", "B"]}
    assert [entry["path"] for entry in file_list(files)] == ["B", "a-b", "a.b", "a/b", "\uffee", "\U0001f600"]


ENTRY = {"path": "a", "sha256": HEX, "size": 1}


@pytest.mark.parametrize(
    "body",
    [
        [ENTRY, ENTRY],
        [ENTRY | {"path": "b"}, ENTRY],
        [ENTRY | {"more": 1}],
        [{"path": "a", "size": 1}],
        [ENTRY | {"path": 1}],
        [ENTRY | {"path": None}],
        [ENTRY | {"size": -1}],
        [ENTRY | {"size": True}],
        [ENTRY | {"size": 1.0}],
        [ENTRY | {"size": "1"}],
        [ENTRY | {"size": "-9007199254740993"}],
        [ENTRY | {"size": "09007199254740993"}],
        [ENTRY | {"size": "9" * 5000}],
        [ENTRY | {"size": 2**53}],
        [ENTRY | {"size": None}],
        [ENTRY | {"sha256": HEX.upper()}],
        [ENTRY | {"sha256": int("1" * 64)}],
        [ENTRY | {"sha256": None}],
        [[]],
        ["a"],
        {"path": "a"},
    ],
)
def test_a_list_that_file_list_would_not_write(body: Any) -> None:
    with pytest.raises(Malformed):
        parse_file_list(body)
