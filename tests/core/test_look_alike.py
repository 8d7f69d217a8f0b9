"""Names that look like others: each kind of edit is found and named, and long ones end."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from modelward.core.look_alike import Edit, Index, Near, Within, normal, one_edit, skeleton, words

KNOWN = ("requests", "numpy", "scikit-learn", "pytorch-lightning", "torch", "boto3", "Pillow", "pil-low", "dateutils")
INDEX = Index(KNOWN)


@pytest.mark.parametrize(
    ("name", "known", "edit"),
    [("Scikit_Learn", "scikit-learn", Edit.SEPARATORS),
     ("nurnpy", "numpy", Edit.READING),
     ("r3quests", "requests", Edit.READING),
     ("t\u043erch", "torch", Edit.READING),
     ("lightning-pytorch", "pytorch-lightning", Edit.ORDER),
     ("reqeusts", "requests", Edit.SWAPPED),
     ("requessts", "requests", Edit.DOUBLED),
     ("pilow", "Pillow", Edit.DOUBLED),
     ("requezts", "requests", Edit.REPLACED),
     ("arequests", "requests", Edit.ADDED),
     ("request", "requests", Edit.LEFT_OUT)],
)  # fmt: skip
def test_how_a_name_is_near(name: str, known: str, edit: Edit) -> None:
    assert INDEX.near(name) == [Near(known, edit)]


@pytest.mark.parametrize(
    "name", [*KNOWN[:7], "boto2", "boto", "boto33", "requezzts", "numpy-requests", "", "-", "\u200b"]
)
def test_nothing_is_near(name: str) -> None:
    assert INDEX.near(name) == []


def test_the_first_of_two_that_are_the_same_counts() -> None:
    assert (len(INDEX), INDEX.get("pil.low"), INDEX.get("other")) == (8, "Pillow", None)


def test_the_most_telling_edit_comes_first_then_the_best_known() -> None:
    index = Index(["torcy", "torcx", "trocz"])
    assert [one.known for one in index.near("torcz")] == ["trocz", "torcy", "torcx"]


def test_words_around_a_name() -> None:
    assert list(INDEX.within("numpy-scikit-learn-x")) == [
        Within("numpy", ("scikit", "learn", "x")), Within("scikit-learn", ("numpy", "x")),
    ]  # fmt: skip
    assert list(INDEX.within("numpy")) == list(INDEX.within("numpyx")) == []


@pytest.mark.parametrize(
    ("name", "known"),
    [("numpy-official", "numpy"), ("the-numpy_official", "numpy"), ("numpyofficial", "numpy"), ("numpy", None),
     ("numpy-extra", None), ("theofficial", None), ("official", None)],
)  # fmt: skip
def test_words_that_anybody_can_add(name: str, known: str | None) -> None:
    assert INDEX.but_for(name, {"the", "official"}) == known


def test_what_is_left_may_be_too_short() -> None:
    assert INDEX.but_for("torchhub", {"hub"}, 6) is None


_LETTERS = st.text("abcdefgh", min_size=2, max_size=12)


@given(_LETTERS, st.data())
def test_every_edit_of_a_letter_is_found(known: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(known) - 1))
    letter = data.draw(st.sampled_from("abcdefgh"))
    ways = [known[:at] + known[at + 1 :], known[:at] + letter + known[at:], known[:at] + letter + known[at + 1 :]]
    ways.append(known[: at - 1] + known[at] + known[at - 1] + known[at + 1 :] if at else known)
    name = data.draw(st.sampled_from(ways))
    assume(name != known)
    assert one_edit(name, known)
    assert [one.known for one in Index([known]).near(name)] == [known]


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_two_names_are_compared(name: str, known: str) -> None:
    index = Index([known])
    assert all(one.known == known and name != known for one in index.near(name))
    assert normal(name) != normal(known) or name == known or index.near(name)
    assert skeleton(skeleton(name)) == skeleton(name) and all(words(name))
    list(index.within(name))
    index.but_for(name, {"a", "hub"})


def test_a_long_name_ends() -> None:
    name = "ab-" * 10_000
    assert INDEX.near(name) == [] and list(INDEX.within(name)) == [] and INDEX.but_for(name, {"hub"}) is None
