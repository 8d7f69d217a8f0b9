"""The memo against a dict: https://github.com/python/cpython/blob/main/Lib/pickle.py, load_memoize and load_put."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelward.formats.pickle.memo import MISSING, Memo
from modelward.formats.pickle.values import Value

STEPS = st.lists(
    st.tuples(st.just("memoize"), st.just(0))
    | st.tuples(st.sampled_from(["put", "put_text", "put_behind"]), st.integers(0, 100)),
    max_size=60,
)


@given(STEPS)
def test_the_memo_is_a_dict(steps: list[tuple[str, int]]) -> None:
    memo, model = Memo(), dict[int, Value]()
    for number, (step, index) in enumerate(steps):
        value: Value = (number,)
        if step == "memoize":
            index = len(model)
            memo.memoize(value)
        elif step == "put_text":
            value = f"text {number}"
            memo.put_text(index, value, 1000 + number)
        else:
            index += len(model) if step == "put_behind" else 0
            memo.put(index, value)
        model[index] = value
    assert [memo.get(index) for index in range(300)] == [model.get(index, MISSING) for index in range(300)]


def test_a_memo_that_counts_from_one_stays_small() -> None:
    """As Python 2's cPickle does."""
    memo = Memo()
    for index in range(1, 10_000):
        memo.put_text(index, "text", index)
    assert len(memo.sparse) == 1
    assert (memo.get(0), memo.get(1), memo.get(9_999)) == (MISSING, "text", "text")
