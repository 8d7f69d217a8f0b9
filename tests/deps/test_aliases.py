"""Which records are one flaw."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.deps.aliases import merged
from modelward.core.advisory import Advisory


def groups(*given: Advisory) -> list[list[str]]:
    return [[each.id for each in group] for group in merged(given)]


def test_two_that_never_name_each_other() -> None:
    """https://github.com/pypa/pip-audit/issues/1068: PYSEC names one id, GHSA another, and a third record both."""
    pysec = Advisory("PYSEC-2026-1", ("CVE-2026-1",))
    ghsa = Advisory("GHSA-aaaa", ("CVE-2026-2",))
    both = Advisory("CVE-2026-1", ("CVE-2026-2",))
    assert groups(pysec, both, ghsa) == [["CVE-2026-1", "GHSA-aaaa", "PYSEC-2026-1"]]
    assert groups(pysec, ghsa) == [["GHSA-aaaa"], ["PYSEC-2026-1"]]


def test_an_id_that_nobody_has_a_record_of() -> None:
    first, second = Advisory("PYSEC-2026-1", ("CVE-2026-1",)), Advisory("GHSA-aaaa", ("CVE-2026-1",))
    assert groups(first, second, first) == [["GHSA-aaaa", "PYSEC-2026-1"]]


IDS = st.sampled_from([f"CVE-2026-{number}" for number in range(6)])
ADVISORIES = st.lists(
    st.builds(Advisory, IDS, st.lists(IDS, max_size=2).map(tuple)), max_size=5, unique_by=lambda each: each.id
)


@given(ADVISORIES)
def test_laws(advisories: list[Advisory]) -> None:
    found = merged(advisories)
    assert sorted(each.id for group in found for each in group) == sorted(each.id for each in advisories)
    assert found == merged(reversed(advisories))
    for number, group in enumerate(found):
        here = frozenset[str]().union(*(each.ids for each in group))
        for other in found[number + 1 :]:
            assert not here & frozenset[str]().union(*(each.ids for each in other))
