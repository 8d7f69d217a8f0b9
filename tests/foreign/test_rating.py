"""How severe others say that it is: never less than they say, and what is not understood is not guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.foreign.rating import cvss3, rate, worst
from modelward.core.finding import Severity


@pytest.mark.parametrize(
    ("vector", "score"),
    [  # https://www.first.org/cvss/v3.1/examples
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N", 6.8),
        ("CVSS:3.0/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:N", 5.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U/CR:X", 9.8),
    ],
)
def test_vectors_have_the_published_scores(vector: str, score: float) -> None:
    assert cvss3(vector) == score


@pytest.mark.parametrize(
    "vector",
    [
        "CVSS:3.1",
        "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:Q",
        "CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N/CR:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N/",
    ],
)
def test_what_is_no_whole_vector_or_is_raised_elsewhere_has_no_score(vector: str) -> None:
    assert cvss3(vector) is None


@pytest.mark.parametrize(
    ("value", "method", "severity"),
    [
        ("Critical", "nvd", Severity.CRITICAL),
        ("IMPORTANT", "redhat", Severity.HIGH),
        ("moderate", "", Severity.MEDIUM),
        ("Negligible", "", Severity.LOW),
        ("9.0", "cvss_score", Severity.CRITICAL),
        ("8.9", "CVSS_V3", Severity.HIGH),
        ("4", "nvd", Severity.MEDIUM),
        ("0.1", "cvss", Severity.LOW),
        ("0.0", "cvss", Severity.INFO),
        (5.2, "cvss", Severity.MEDIUM),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "CVSS_V3", Severity.HIGH),
        ("0.97", "epss", None),
        ("5.2", "", None),
        ("10.1", "cvss", None),
        ("-1", "cvss", None),
        ("nan", "cvss", None),
        ("1e9", "cvss", None),
        ("٩.٠", "cvss", None),
        ("UNKNOWN", "nvd", None),
        ("", "nvd", None),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "CVSS_V4", None),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:P", "cvss", None),
        (True, "cvss", None),
        (None, "cvss", None),
        (["high"], "nvd", None),
    ],
)
def test_words_numbers_and_vectors(value: object, method: str, severity: Severity | None) -> None:
    assert rate(value, method) == severity


RATINGS = st.lists(st.none() | st.sampled_from(Severity))


@given(RATINGS, RATINGS)
def test_more_ratings_never_lower(some: list[Severity | None], more: list[Severity | None]) -> None:
    before, after = worst(some), worst([*some, *more])
    assert before is None or (after is not None and after >= before)


@given(st.text() | st.integers() | st.floats() | st.booleans(), st.text())
def test_any_value_is_rated_or_is_not(value: object, method: str) -> None:
    assert rate(value, method) in (None, *Severity)
