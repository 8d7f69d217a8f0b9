"""What differs, by kind; and the law that nothing differs only where nothing differs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.manifest.differences import Listing, differences

LISTED = Listing({"a": 1, "b/c": 2, "d": 3}, {"d": "a"})

paths = st.sampled_from(["a", "b", "b/c", "b/c/d", "e", "e/f"])
listings = st.builds(
    Listing,
    st.dictionaries(paths, st.integers(0, 2)),
    st.dictionaries(paths, st.sampled_from(["a", "", "e/f"])),
    st.dictionaries(paths, st.just("a FIFO")),
)


def kinds(found: Listing, listed: Listing = LISTED) -> list[tuple[str, str]]:
    return [(item.kind, item.path) for item in differences(listed, found)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (LISTED, []),
        (Listing({"a": 9, "b/c": 2, "d": 3}, {"d": "a"}), [("changed", "a")]),
        (Listing({"b/c": 2, "d": 3}, {"d": "a"}), [("missing", "a")]),
        (Listing({"a": 1, "b/c": 2, "d": 3, "e": 4}, {"d": "a"}), [("added", "e")]),
        (Listing({"A": 1, "b/c": 2, "d": 3}, {"d": "a"}), [("renamed", "a")]),
        (Listing({"a": 2, "b/c": 1, "d": 3}, {"d": "a"}), [("changed", "a"), ("changed", "b/c")]),
        (Listing({"a": 1, "b/c": 2, "d": 3}), [("link", "d")]),
        (Listing({"a": 1, "b/c": 2, "d": 3}, {"d": "b/c"}), [("link", "d")]),
        (Listing({"a": 1, "b/c": 2, "d": 3}, {"a": "d", "d": "a"}), [("link", "a")]),
        (Listing({"b/c": 2, "d": 3}, {"d": "a"}, {"a": "a FIFO"}), [("type", "a")]),
        (Listing({"a/x": 1, "b/c": 2, "d": 3}, {"d": "a"}), [("type", "a"), ("added", "a/x")]),
        (Listing({"a": 1, "b/c": 2, "d": 3}, {"d": "a"}, {"x": "a socket"}), [("added", "x")]),
    ],
)
def test_each_kind_is_named_by_its_path(found: Listing, expected: list[tuple[str, str]]) -> None:
    assert kinds(found) == expected


def test_a_folder_that_became_a_link_to_the_same_files_differs() -> None:
    files = {"real/x": 1, "link/x": 1}
    assert kinds(Listing(files, {"link": "real"}), Listing(files)) == [("link", "link")]
    assert kinds(Listing(files), Listing(files, {"link": "real"})) == [("link", "link")]


def test_links_are_not_compared_where_the_list_does_not_know_them() -> None:
    assert kinds(Listing({"a": 1, "b": 1}, {"b": "a"}), Listing({"a": 1, "b": 1}, None)) == []


def test_what_could_not_be_read_before_and_now_is_no_difference() -> None:
    fifo = Listing({"a": 1}, {}, {"p": "a FIFO"})
    assert kinds(fifo, fifo) == []


def test_each_copy_of_a_content_is_the_new_place_of_one_file_alone() -> None:
    assert kinds(Listing({"z": 1}), Listing({"a": 1, "b": 1})) == [("renamed", "a"), ("missing", "b")]


@given(listings, listings)
def test_nothing_differs_only_where_files_and_links_are_the_same(listed: Listing, found: Listing) -> None:
    is_same = (listed.files, listed.links) == (found.files, found.links)
    if not differences(listed, found):
        assert is_same
    if is_same and listed.others == found.others:
        assert not differences(listed, found)
