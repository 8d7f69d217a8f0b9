"""Version texts: what is understood of the real ones, what each form means, and laws."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deps.bulletins import FOLDER

from modelward.checks.deps.nvidia.version_text import Condition, Known, Unknown, exactly, judge, read, series, version

TEXTS: list[tuple[int, str, str]] = [tuple(row) for row in json.loads((FOLDER / "version_texts.json").read_text())]
WHOLE = ("driver", "cuda", "container-toolkit", "gpu-operator", "triton", "tensorrt", "tensorrt-llm", "dcgm")


def test_how_much_of_the_real_texts_is_understood() -> None:
    unknown = [(uses, text) for uses, _, text in TEXTS if isinstance(read(text), Unknown)]
    distinct = {text for _, _, text in TEXTS}
    assert (len(distinct), sum(uses for uses, _, _ in TEXTS)) == (593, 3031)
    assert len({text for _, text in unknown}) / len(distinct) < 0.03
    assert sum(uses for uses, _ in unknown) / 3031 < 0.015


@pytest.mark.parametrize("component", WHOLE)
def test_everything_about_the_gpu_stack_is_understood(component: str) -> None:
    assert [text for _, word, text in TEXTS if word == component and isinstance(read(text), Unknown)] == []


def said(text: str, one: str, *fixed: str) -> str:
    condition, exact = read(text, fixed), version(one)
    assert isinstance(condition, Condition) and exact is not None
    return judge(condition, exactly(exact)).said


@pytest.mark.parametrize(
    ("text", "last", "first"),
    [
        ("All driver versions prior to 535.309.01", "535.288.01", "535.309.01"),
        ("535.247.02(All versions prior to and including vGPU 16.10)", "535.247.02", "535.247.03"),
        # the text and its note disagree about the very version
        (
            "All versions prior to 525.89.02(All versions prior to and including February 2023 release)",
            "525.89.02",
            "526",
        ),
        ("All versions prior to 520.56.06(All versions prior to the November 2022 release)", "520.56.05", "520.56.06"),
        ("All versions prior to CUDA Toolkit 12.9 Update 1", "12.9", "12.9.1"),
        ("All versions up to and including CUDA Toolkit 12.6U1", "12.6 Update 1", "12.6 Update 2"),
        ("All versions prior to CUDA Toolkit 13.0", "12.9 Update 1", "13.0"),
        ("All versions up to and including v1.16.1", "1.16.1", "1.16.2"),
        ("Versions 0.0 to 0.4.0", "0.4.0", "0.4.1"),
        ("0.0 to v1.3.0 rc14", "1.3.0 rc14", "1.3.0 rc15"),
        ("0.0-26.05", "26.05", "26.06"),
        ("v0 - v10.16.1", "10.16.1", "10.16.2"),
        ("35.6.2 and earlier", "35.6.2", "35.6.3"),
        ("v0.1.x - v0.9.x", "0.9.7", "0.10.0"),
        ("All versions prior to 0.13.1 and 0.12.3", "0.13.0", "0.13.1"),
        ("All versions prior to 0.13.1 and 0.12.3", "0.12.2", "0.12.3"),
        ("All 2.9 versions prior to 2.9.3", "2.9.2", "2.9.3"),
    ],
)
def test_where_the_flaw_ends(text: str, last: str, first: str) -> None:
    assert (said(text, last), said(text, first)) == ("affected", "not affected")


def test_a_range_ends_before_the_version_that_is_fixed() -> None:
    assert said("0.0 to 5.16", "5.16") == "affected"
    assert said("0.0 to 5.16", "5.16", "5.16") == "not affected"
    assert said("All versions up to CUDA Toolkit 12.8", "12.8", "CUDA Toolkit 12.8") == "not affected"


def test_nothing_is_said_of_versions_before_single_ones() -> None:
    assert [said("24.11", one) for one in ("24.10", "24.11", "24.12")] == ["unknown", "affected", "not affected"]


@pytest.mark.parametrize(
    ("text", "one", "why"),
    [
        (
            "All versions up to and including 1.17.7 (CDI mode only for versions prior to 1.17.5)",
            "1.17.4",
            "CDI mode only",
        ),
        ("All versions up to and including 0.12.1 (only when CDI is enabled)", "0.12.1", "only when CDI is enabled"),
        ("All versions that do not include code commit 7f53666", "9", "it does not include commit 7f53666"),
        (
            "All driver versions prior to 582.53. Only GPUs based on Pascal are affected.",
            "581.0",
            "Only GPUs based on Pascal are affected",
        ),
        ("All driver versions prior 475.06 to for support of GeForce Kepler desktop", "474.1", "for support of"),
    ],
)
def test_conditions_stay_conditions(text: str, one: str, why: str) -> None:
    condition, exact = read(text), version(one)
    assert isinstance(condition, Condition) and exact is not None
    answer = judge(condition, exactly(exact))
    assert answer.said == "conditional" and why in answer.why


def test_beyond_the_condition_it_is_affected_all_the_same() -> None:
    text = "All versions up to and including 1.17.7 (CDI mode only for versions prior to 1.17.5)"
    assert [said(text, one) for one in ("1.17.5", "1.17.7", "1.17.8")] == ["affected", "affected", "not affected"]


def test_a_version_that_is_half_known() -> None:
    before_update = read("All versions prior to 12.1 Update 1")
    assert isinstance(before_update, Condition)
    assert judge(before_update, series(12, 1)).said == "unknown"
    assert judge(before_update, series(12, 0)).said == "affected"
    assert judge(before_update, series(12, 2)).said == "not affected"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "All versions prior to OTA0",
        "All versions prior to xx.41.1000",
        "All versions prior to 1.3 - 25.02.244",
        "All versions prior to 12.0 (and 13.0)",
        "All versions except 12.0",
        "All versions prior to 535.1 on Mondays",
        "vers:generic/<12",
    ],
)
def test_half_a_text_is_not_understood(text: str) -> None:
    found = read(text)
    assert isinstance(found, Unknown) and found.why


WORDS = st.sampled_from(
    ["All", "versions", "prior to", "and including", "up to", "535.1", "v1.2", "12.9 Update 1", "0.0", "to", "-", "(",
     ")", "vGPU 16.1", "only", "CDI", "x", ",", "and", "rc3", "9e95f50", "for versions prior to", "release"]
)  # fmt: skip
VERSIONS = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@given(st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=9).map(" ".join)), VERSIONS)
def test_any_text_gives_a_condition_or_unknown(text: str, one: str) -> None:
    found, exact = read(text), version(one)
    assert isinstance(found, Condition | Unknown)
    if isinstance(found, Condition) and exact is not None:
        assert judge(found, exactly(exact)).said in ("affected", "conditional", "not affected", "unknown")


@given(st.sampled_from([text for _, word, text in TEXTS if word == "driver"]), VERSIONS, VERSIONS)
def test_no_higher_driver_is_affected_if_a_lower_one_is_not(text: str, one: str, other: str) -> None:
    found = read(text)
    first, second = (version(f"{each.split('.')[0]}.{each}") for each in (one, other))
    assert isinstance(found, Condition) and first is not None and second is not None
    numbers = found.spans[0].high.numbers[:1] if found.spans[0].high else (535,)
    low, high = sorted(each._replace(numbers=(*numbers, *each.numbers)) for each in (first, second))
    if judge(found, exactly(low)).said == "not affected":
        assert judge(found, exactly(high)).said == "not affected"


@given(st.sampled_from([text for _, _, text in TEXTS]), VERSIONS, VERSIONS)
def test_to_know_less_never_turns_the_answer_over(text: str, one: str, other: str) -> None:
    """What holds of a whole span holds of each version in it."""
    found, first, second = read(text), version(one), version(other)
    if isinstance(found, Unknown) or first is None or second is None:
        return
    low, high = sorted((first, second))
    whole = judge(found, Known(low, high)).said
    if whole in ("affected", "not affected"):
        assert {judge(found, exactly(low)).said, judge(found, exactly(high)).said} == {whole}


@given(VERSIONS, VERSIONS)
def test_zeros_at_the_end_say_nothing(one: str, other: str) -> None:
    first, longer = version(one), version(f"{one}.0")
    assert first == longer
    second = version(other)
    assert first is not None and second is not None
    padded = [tuple(map(int, each.split("."))) + (0,) * 4 for each in (one, other)]
    assert (first < second) == (padded[0][:5] < padded[1][:5])
