from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.digest import Digest
from modelward.core.finding import Finding, Location, Rule, Severity, Unexamined

LOCATIONS = st.builds(
    Location,
    st.none() | st.sampled_from([Digest("sha256", "a" * 64), Digest("sha3_256", "a" * 64)]),
    st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
    st.none() | st.tuples(st.integers(0, 3), st.integers(3, 5)),
)


def test_severities_are_ordered() -> None:
    assert sorted(Severity) == [Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL]


@pytest.mark.parametrize("severity", Severity)
def test_a_severity_is_written_in_lower_case_and_read_back(severity: Severity) -> None:
    assert str(severity) == severity.name.lower()
    assert Severity.parse(str(severity)) is severity


def test_the_severity_of_a_finding_is_that_of_its_rule() -> None:
    rule = Rule("pickle-example", Severity.HIGH, "title", "why", "do")
    assert Finding(rule, Location(None), "message").severity is Severity.HIGH


@given(st.lists(LOCATIONS, max_size=8))
def test_locations_have_one_order(locations: list[Location]) -> None:
    """With a digest or without, with a span or without: reports sort them all."""
    backwards = locations[::-1]
    assert sorted(locations) == sorted(backwards)


def test_the_whole_comes_before_its_parts() -> None:
    blob = Digest("sha256", "a" * 64)
    expected = [
        Location(None),
        Location(blob),
        Location(blob, (), (0, 0)),
        Location(blob, (), (10, 11)),
        Location(blob, ("member",)),
    ]
    assert sorted([expected[index] for index in (4, 2, 0, 3, 1)]) == expected


def test_a_gap_is_no_finding() -> None:
    assert not isinstance(Unexamined(Location(None), "why"), Finding)
