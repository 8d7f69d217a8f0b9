"""A file that is here in part: what is not here is never anything else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.errors import NotFetched
from modelward.formats.parts import Parts, Span, read_ahead

SIZE = 60
CONTENT = bytes(range(SIZE))


@st.composite
def parts_of(draw: st.DrawFn) -> tuple[Parts, list[Span]]:
    cuts = sorted(draw(st.sets(st.integers(0, SIZE), max_size=8)))
    spans = [span for span in pairwise(cuts) if draw(st.booleans())]
    parts = Parts(SIZE)
    for start, end in draw(st.permutations(spans)):
        parts.put(start, CONTENT[start:end])
    return parts, spans


@given(parts_of(), st.integers(-2, SIZE + 5), st.integers(-2, SIZE + 5))
def test_it_gives_the_bytes_or_names_the_first_that_are_not_here(
    made: tuple[Parts, list[Span]], at: int, n: int
) -> None:
    parts, spans = made
    here = {byte for start, end in spans for byte in range(start, end)}
    wanted = [] if at < 0 else list(range(at, min(at + n, SIZE)))
    if here.issuperset(wanted):
        assert parts.read(at, n) == bytes(wanted)
        return
    with pytest.raises(NotFetched) as missing:
        parts.read(at, n)
    absent = [byte for byte in wanted if byte not in here]
    assert missing.value.start == absent[0]
    assert all(byte not in here for byte in range(missing.value.start, missing.value.end))
    assert parts.asked == (missing.value.start, missing.value.end)


@given(parts_of(), st.integers(0, SIZE), st.integers(0, SIZE + 5))
def test_missing_is_what_was_not_put(made: tuple[Parts, list[Span]], at: int, end: int) -> None:
    parts, spans = made
    here = {byte for start, stop in spans for byte in range(start, stop)}
    missing = parts.missing(at, end)
    assert [byte for start, stop in missing for byte in range(start, stop)] == [
        byte for byte in range(at, min(end, SIZE)) if byte not in here
    ]
    assert all(start < stop for start, stop in missing)


@given(parts_of(), st.integers(0, SIZE), st.integers(1, SIZE), st.integers(1, SIZE))
def test_reading_ahead_gives_at_least_what_is_needed(
    made: tuple[Parts, list[Span]], at: int, n: int, least: int
) -> None:
    parts, _ = made
    least = min(n, least)
    try:
        data = read_ahead(parts, at, n, least)
    except NotFetched:
        assert parts.missing(at, at + least)
    else:
        assert data == CONTENT[at : at + len(data)]
        assert len(data) >= min(least, SIZE - at)
