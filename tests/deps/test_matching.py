"""Versions against what advisories say: https://ossf.github.io/osv-schema/#evaluation"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from tests.deps.records import entry, events, excerpt, read, record

from modelward.checks.deps.matching import Outcome, match
from modelward.checks.deps.remedies import smallest_clear
from modelward.core.advisory import Affected, Event


def ranged(*given: tuple[str, str], versions: tuple[str, ...] = (), unread: str = "") -> Affected:
    walk = tuple(Event(kind, version) for kind, version in given)
    return Affected("PYSEC-2026-1", "torch", (walk,) if walk else (), versions, unread)


BEFORE = ranged(("introduced", "0"), ("fixed", "2.6.0"))
UP_TO = ranged(("introduced", "1.0"), ("last_affected", "2.5.1"))


@pytest.mark.parametrize(
    ("version", "affected", "outcome"),
    [
        ("2.5.1", BEFORE, "affected"),
        ("2.6.0", BEFORE, "not"),
        ("2.6", BEFORE, "not"),
        ("2.6.0rc1", BEFORE, "affected"),
        ("2.6.0.post1", BEFORE, "not"),
        ("0.dev0", BEFORE, "affected"),
        ("0", BEFORE, "affected"),
        ("1!0.1", BEFORE, "not"),
        ("2.5.1", UP_TO, "affected"),
        ("2.5.1.post1", UP_TO, "not"),
        ("1.0rc1", UP_TO, "not"),
        ("0.9", UP_TO, "not"),
        # built by somebody: the advisory is about the source
        ("2.5.1+cu121", BEFORE, "affected"),
        ("2.6.0+cpu", BEFORE, "not"),
        ("2.5.1+cu121", UP_TO, "affected"),
        ("2.5.2+cu121", UP_TO, "not"),
        ("2.5.1+cu121", ranged(versions=("2.5.1",)), "affected"),
        ("2.5.1", ranged(versions=("2.5.1+cu121",)), "not"),
        ("2.5.1+cu121", ranged(("introduced", "0"), ("last_affected", "2.5.1+cu118")), "not"),
        # a list alone, whichever way a version is written
        ("1.0.0", ranged(versions=("1.0",)), "affected"),
        ("1.0.1", ranged(versions=("1.0",)), "not"),
        # the union: each may say what the other does not
        ("3.0", ranged(("introduced", "0"), ("fixed", "2.0"), versions=("3.0",)), "affected"),
        ("1.5", ranged(("introduced", "0"), ("fixed", "2.0"), versions=("1.0",)), "affected"),
        # no version by PEP 440
        ("0.9-doduo", ranged(("introduced", "0"), ("fixed", "2.0"), versions=("0.9-doduo",)), "affected"),
        ("0.9-ivysaur", ranged(("introduced", "0"), ("fixed", "2.0"), versions=("0.9-doduo",)), "unknown"),
        ("0.9-ivysaur", ranged(("introduced", "0")), "affected"),
        ("1.0", ranged(("introduced", "0.1-bulbasaur"), ("fixed", "2.0")), "unknown"),
        ("1.0", ranged(("introduced", "0.1-bulbasaur"), versions=("1.0",)), "affected"),
        ("9" * 5000, BEFORE, "unknown"),
        ("", BEFORE, "unknown"),
        # nothing that can be compared
        ("1.0", ranged(unread="it gives commits alone"), "unknown"),
        ("1.0", ranged(versions=("1.0",), unread="a range is not understood"), "affected"),
        ("2.0", ranged(versions=("1.0",), unread="a range is not understood"), "unknown"),
    ],
)
def test_outcome(version: str, affected: Affected, outcome: Outcome) -> None:
    assert match(version, affected) == outcome


@pytest.mark.parametrize(
    ("given_events", "inside", "outside"),
    [
        (
            [("fixed", "1.0.2"), ("introduced", "3.0"), ("introduced", "1.0"), ("fixed", "3.2")],
            "1.0 3.1",
            "2.0 0.9 3.2",
        ),
        # one version alone
        ([("introduced", "1.82.7"), ("last_affected", "1.82.7")], "1.82.7", "1.82.6 1.82.8"),
        # nothing at all
        ([("introduced", "2.0"), ("fixed", "2.0")], "", "1.9 2.0 2.1"),
        # two stretches that meet, as a tool writes them that joins ">=1,<2" and ">=2,<3"
        ([("introduced", "1"), ("fixed", "2"), ("introduced", "2"), ("fixed", "3")], "1.0 1.9 2.0 2.9", "0.9 3.0"),
        # two fixes on two branches
        (
            [("introduced", "0"), ("fixed", "1.4.9"), ("introduced", "1.5.0"), ("fixed", "1.5.2")],
            "1.4.8 1.5.1",
            "1.4.9 1.5.2",
        ),
    ],
)
def test_walk(given_events: list[tuple[str, str]], inside: str, outside: str) -> None:
    affected = ranged(*given_events)
    assert {each: match(each, affected) for each in inside.split()} == dict.fromkeys(inside.split(), "affected")
    assert {each: match(each, affected) for each in outside.split()} == dict.fromkeys(outside.split(), "not")


KINDS = st.sampled_from(("introduced", "fixed", "last_affected"))
VERSIONS = st.sampled_from("0.dev0 0 0.9 1.0a1 1.0 1.0.post1 1.0.1 1.5 2.0rc1 2.0 2.0+local 2.1 1!0".split())

EVENTS = st.lists(st.tuples(KINDS, VERSIONS), max_size=6)


@given(VERSIONS, EVENTS)
def test_the_order_of_events_means_nothing(version: str, given_events: list[tuple[str, str]]) -> None:
    affected = ranged(*given_events)
    turned = ranged(*reversed(given_events))
    assert match(version, affected) == match(version, turned)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_a_stretch_is_what_lies_between(version: str, start: str, end: str) -> None:
    here, first, last = (Version(text) for text in (version, start, end))
    if "+" not in version + start + end:
        is_first, is_sound = start == "0" or first <= here, start == "0" or first <= last
        # one that ends before it begins has no end
        expected = is_first and not (is_sound and last <= here)
        assert match(version, ranged(("introduced", start), ("fixed", end))) == ("affected" if expected else "not")


@given(VERSIONS, EVENTS, st.lists(VERSIONS, max_size=2))
def test_nothing_is_lost_against_the_evaluation_of_the_schema(
    version: str, given_events: list[tuple[str, str]], listed: list[str]
) -> None:
    """Its pseudocode: https://ossf.github.io/osv-schema/#evaluation"""
    here = Version(version)

    def reached(text: str, *, is_past: bool = False) -> bool:
        at = Version(text)
        own = here if at.local else Version(here.public)
        return own > at if is_past else own >= at

    def rank(event: tuple[str, str]) -> tuple[bool, Version, str]:
        kind, text = event
        return (
            event != ("introduced", "0"),
            Version(text),
            {"introduced": "a", "fixed": "b", "last_affected": "c"}[kind],
        )

    is_vulnerable = False
    for kind, text in sorted(given_events, key=rank):
        if kind == "introduced" and (text == "0" or reached(text)):
            is_vulnerable = True
        elif kind != "introduced" and reached(text, is_past=kind == "last_affected"):
            is_vulnerable = False
    if is_vulnerable or any(Version(each) in (here, Version(here.public)) for each in listed):
        assert match(version, ranged(*given_events, versions=tuple(listed))) == "affected"


def test_ranges_and_lists_of_real_records_agree() -> None:
    """But for the documented classes: versions that PEP 440 has no order for, and lists that are empty."""
    records = excerpt()
    listed_by: dict[str, set[str]] = {}
    for one in records.values():
        for each in one.affected:
            listed_by.setdefault(each.name, set()).update(each.versions)
    compared = 0
    for one in records.values():
        for each in one.affected:
            for version in listed_by[each.name]:
                by_range = match(version, each._replace(versions=()))
                if by_range == "unknown":
                    assert match(version, each) == ("affected" if version in each.versions else "unknown")
                elif each.versions:
                    compared += 1
                    assert by_range == ("affected" if version in each.versions else "not"), (each.id, version)
                else:
                    assert match(version, each) == by_range
    assert compared > 1_000


def test_real_pins() -> None:
    """What pip-audit and uv audit find of these too."""
    pins = {"gradio": "4.26.0", "langchain": "0.2.5", "langchain-community": "0.2.5", "langchain-core": "0.2.43"}
    pins["transformers"] = "4.41.2"
    hits = [
        (each.name, one.id)
        for one in excerpt().values()
        for each in one.affected
        if match(pins.get(each.name, "0"), each) == "affected" and each.name in pins
    ]
    assert len(hits) == len(set(hits)) == 32
    counts = {name: sum(name == hit for hit, _ in hits) for name in pins}
    assert counts == {"gradio": 11, "langchain": 1, "langchain-community": 1, "langchain-core": 4, "transformers": 15}


def test_compromised_release_of_litellm() -> None:
    """https://github.com/advisories/GHSA-5mg7-485q-xm76"""
    found = excerpt()["GHSA-5mg7-485q-xm76"]
    assert found.advisory is not None and found.advisory.is_malicious
    outcomes = [match(version, found.affected[0]) for version in ("1.82.6", "1.82.7", "1.82.8", "1.82.9")]
    assert outcomes == ["not", "affected", "affected", "not"]


def test_commits_alone_are_unknown() -> None:
    git = {"type": "GIT", "repo": "https://example.com/x", "events": [{"introduced": "0"}]}
    (alone,) = read(record("PYSEC-2026-2", entry("gevent", git))).affected
    assert (match("1.0", alone), alone.unread) == ("unknown", "it gives commits alone")
    (listed,) = read(record("PYSEC-2026-2", entry("gevent", git, versions=["1.0"]))).affected
    assert (match("1.0", listed), match("1.1", listed)) == ("affected", "not")


def test_an_entry_that_names_no_version_is_unknown() -> None:
    """The schema's pseudocode finds nothing affected by it; but whoever wrote it meant some version."""
    (empty,) = read(record("MAL-2026-1", entry("torchtriton", versions=[]))).affected
    assert match("2.0", empty) == "unknown"


@pytest.mark.parametrize(
    ("version", "candidates", "remedy"),
    [
        ("1.0", [], "1.2"),
        ("1.5", [], "2.1"),
        ("1.0", ["1.1", "1.2.5"], "1.2.5"),
        ("2.0", ["2.0.5", "2.0.6"], "2.0.6"),
        ("2.2rc1", ["2.2rc2", "2.2"], "2.2rc2"),
        ("3.0", [], None),
        ("0.9-doduo", [], None),
    ],
)
def test_remedy(version: str, candidates: list[str], remedy: str | None) -> None:
    known = [
        ranged(("introduced", "0"), ("fixed", "1.2"), ("introduced", "1.4"), ("fixed", "2.0")),
        ranged(("introduced", "1.3"), ("fixed", "2.1rc1"), ("introduced", "2.1rc1"), ("fixed", "2.1")),
        ranged(versions=("2.0.5",)),
    ]
    assert smallest_clear(version, [known[0], known[2]] if version == "2.0" else known, candidates) == remedy


def test_a_remedy_is_hit_by_nothing_else() -> None:
    later = ranged(("introduced", "2.0"))
    assert smallest_clear("1.0", [ranged(("introduced", "0"), ("fixed", "2.0")), later]) is None
    assert smallest_clear("1.0", [ranged(("introduced", "0"), ("fixed", "1.9")), later]) == "1.9"


def test_events_of_the_schema() -> None:
    (found,) = read(record("GHSA-1", entry("torch", events(("introduced", "0"), ("limit", "*"))))).affected
    assert match("99", found) == "affected"
    (found,) = read(record("GHSA-1", entry("torch", events(("introduced", "0"), ("limit", "2.0"))))).affected
    assert match("1.0", found) == "unknown"
