"""Facts of a host against bulletins: branches, products, systems, conditions, and what stays unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deps.bulletins import CUDA, GEFORCE, TESLA, TOOLKIT, bulletin, excerpt, flaw, known, raw

from modelward.checks.deps.nvidia import host, judge
from modelward.checks.deps.nvidia.components import branch_of
from modelward.checks.deps.nvidia.csaf import Row
from modelward.checks.deps.nvidia.judge import Bulletins
from modelward.checks.deps.nvidia.version_text import version
from modelward.core.finding import Finding, Severity, Unexamined
from modelward.core.source_audit import Spotted

REAL = known(*excerpt())
GUEST = "Guest driver|Linux(R535 vGPU 16)"
WINDOWS = "GeForce|Windows(R535)"
BEFORE = "All driver versions prior to"
R535 = known(
    bulletin(
        "1",
        flaw("CVE-2024-1000", [f"{GEFORCE}|{BEFORE} 535.9.01", f"{TESLA}|{BEFORE} 535.9.01"], [f"{TESLA}|535.9.01"]),
    )
)


def inventory(component: str, text: str, product: str = "", system: str = "linux") -> list[host.Fact]:
    more = f'product = "{product}"\n' if product else ""
    head = f'schema = "{host.SCHEMA}"\n' + (f'system = "{system}"\n' if system else "")
    found = host.read(f'{head}[{component}]\nversion = "{text}"\n{more}'.encode(), "host.toml")
    assert not found.gaps
    return list(found.facts)


def said(bulletins: Bulletins, facts: Sequence[host.Fact]) -> list[str]:
    """The rule of each finding, or unknown."""
    return [one.said.rule.id if isinstance(one.said, Finding) else "unknown" for one in judge.audit(facts, bulletins)]


def only(bulletins: Bulletins, facts: Sequence[host.Fact]) -> Finding:
    (one,) = judge.audit(facts, bulletins)
    assert isinstance(one.said, Finding)
    return one.said


# -- drivers


@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        ("535.8.05", ["nvidia-vulnerable"]),
        ("535.9.01", []),
        ("535.10", []),
        # neither lower nor higher branches are compared with it
        ("470.1", ["unknown"]),
        ("550.1", ["unknown"]),
        ("595.71.05", ["unknown"]),
        ("1.2", ["unknown"]),
    ],
)
def test_a_driver_is_compared_within_its_branch(driver: str, expected: list[str]) -> None:
    assert said(R535, inventory("driver", driver)) == expected


def test_a_flaw_that_is_on_the_other_system_alone_is_not_asked_about() -> None:
    found = known(bulletin("1", flaw("CVE-2024-1000", [f"{WINDOWS}|{BEFORE} 538.1"])))
    assert said(found, inventory("driver", "535.1.2")) == []
    assert said(found, inventory("driver", "537.1", system="windows")) == ["nvidia-vulnerable"]


def test_a_driver_of_which_nobody_knows_the_system_is_unknown() -> None:
    assert said(R535, inventory("driver", "535.98", system="")) == ["unknown"]


def test_products_differ() -> None:
    found = known(
        bulletin(
            "1", flaw("CVE-2024-1000", [f"{GEFORCE}|{BEFORE} 535.5", f"{TESLA}|{BEFORE} 535.9"], [f"{TESLA}|535.9"])
        )
    )
    one = only(found, inventory("driver", "535.7.1"))
    assert one.rule.id == "nvidia-conditional" and dict(one.evidence)["condition"] == "it is Tesla"
    assert said(found, inventory("driver", "535.7.1", "Tesla")) == ["nvidia-vulnerable"]
    assert said(found, inventory("driver", "535.7.1", "GeForce")) == []
    assert said(found, inventory("driver", "535.7.1", "Studio")) == ["unknown"]


def test_a_flaw_of_virtual_gpus_is_one_under_a_condition() -> None:
    found = known(
        bulletin("1", flaw("CVE-2024-1000", [f"{GUEST}|535.9(All versions prior to and including vGPU 16.1)"]))
    )
    assert dict(only(found, inventory("driver", "535.7.1")).evidence)["condition"] == "it is a driver in a vGPU guest"
    assert said(found, inventory("driver", "535.7.1", "Guest driver")) == ["nvidia-vulnerable"]


def test_virtual_gpus_do_not_soften_what_all_others_have() -> None:
    affected = [f"{GEFORCE}|{BEFORE} 535.9", f"{GUEST}|535.5(All versions prior to and including vGPU 16.1)"]
    assert said(known(bulletin("1", flaw("CVE-2024-1000", affected))), inventory("driver", "535.7.1")) == [
        "nvidia-vulnerable"
    ]


@pytest.mark.parametrize(
    ("platform", "text"),
    [
        ("Linux(R590)", f"{BEFORE} 1.4.5.7"),  # as it was published
        ("Linux(R590)", f"{BEFORE} 535.1"),
        ("Linux(Gaming)", "All driver versions"),
        ("Linux(R590)", "All versions prior to OTA0"),
    ],
)
def test_a_row_that_contradicts_itself_clears_nobody(platform: str, text: str) -> None:
    found = known(bulletin("1", flaw("CVE-2024-1000", [f"GeForce|{platform}|{text}"])))
    assert said(found, inventory("driver", "590.44.01")) == ["unknown"]


@pytest.mark.parametrize(
    ("text", "branch"),
    [("537.70", 535), ("475.14", 470), ("596.36", 595), ("454.64", 450), ("600.1", None), ("507.1", None)],
)
def test_branches_on_windows(text: str, branch: int | None) -> None:
    found = version(text)
    assert found is not None and branch_of(found, "windows") == branch


def test_branches_on_windows_are_those_of_the_bulletins() -> None:
    seen = set()
    for row in REAL.rows:
        branch = re.fullmatch(r"Windows\(R([0-9]{3})\)", row.product.platform)
        for text in row.fixed if branch else ():
            found = version(text)
            if branch and found is not None and len(found.numbers) == 2:  # 1.4.5.7 was published, too
                assert branch_of(found, "windows") == int(branch[1]), text
                seen.add(branch[1])
    assert len(seen) >= 4


# -- other components


def test_the_toolkit_of_a_wheel_is_affected_if_it_brings_the_part() -> None:
    found = known(bulletin("1", flaw("CVE-2024-1000", [f"{CUDA}|All versions prior to CUDA Toolkit 12.9 Update 1"])))
    assert said(found, inventory("cuda", "12.9")) == ["nvidia-vulnerable"]
    assert said(found, inventory("cuda", "12.9 Update 1")) == []
    assert said(found, inventory("cuda", "13.0")) == []
    for pin, expected in (
        ("torch==2.5.1+cu121", ["nvidia-conditional"]),
        ("nvidia-cuda-runtime-cu12==12.9.79", []),
        ("torch==2.8.0+cu129", ["unknown"]),
    ):
        assert said(found, host.read(pin.encode(), "pins.txt").facts) == expected


def test_a_flaw_on_one_system_is_one_under_a_condition_where_the_system_is_not_known() -> None:
    found = known(bulletin("1", flaw("CVE-2024-1000", ["NVIDIA CUDA Toolkit|Windows|All versions prior to 12.9"])))
    assert said(found, inventory("cuda", "12.1", system="linux")) == []
    assert said(found, inventory("cuda", "12.1", system="windows")) == ["nvidia-vulnerable"]
    assert dict(only(found, inventory("cuda", "12.1", system="")).evidence)["condition"] == "it is Windows"


def test_a_condition_of_the_bulletin_is_in_the_finding() -> None:
    text = "All versions up to and including 1.17.7 (CDI mode only for versions prior to 1.17.5)"
    found = known(
        bulletin("5659", flaw("CVE-2025-1000", [f"{TOOLKIT}|{text}"], [f"{TOOLKIT}|1.17.8"], word="CRITICAL"))
    )
    one = only(found, inventory("container-toolkit", "1.17.4"))
    assert (one.rule.id, one.severity) == ("nvidia-conditional", Severity.CRITICAL)
    assert "on this condition: CDI mode only" in one.message and dict(one.evidence)["fixed_in"] == "1.17.8"
    assert said(found, inventory("container-toolkit", "1.17.5")) == ["nvidia-vulnerable"]
    assert said(found, inventory("container-toolkit", "1.17.8")) == []


def test_what_no_bulletin_is_about_is_a_gap() -> None:
    (one,) = judge.audit(inventory("dcgm", "4.5.1"), R535)
    assert isinstance(one.said, Unexamined) and "no bulletin of NVIDIA about the DCGM" in one.said.why


def test_a_bulletin_that_cannot_be_read_is_a_gap() -> None:
    found = judge.bulletins([("9", raw(bulletin("9") | {"product_tree": 1}))])
    gaps = [
        one.said.why for one in judge.audit(inventory("driver", "535.1"), found) if isinstance(one.said, Unexamined)
    ]
    assert gaps[0].startswith("1 bulletins of NVIDIA cannot be read (9: ")
    assert list(judge.audit([], found)) == []


def test_what_nobody_rates_is_high() -> None:
    found = known(bulletin("1", flaw("CVE-2024-1000", [f"{TOOLKIT}|All versions"], word="?")))
    assert only(found, inventory("container-toolkit", "1")).severity is Severity.HIGH


# -- the real facts


@pytest.mark.parametrize(
    ("component", "text", "cves"),
    [
        ("container-toolkit", "1.16.1", {"CVE-2024-0132", "CVE-2024-0133", "CVE-2025-23266", "CVE-2025-23267"}),
        ("container-toolkit", "1.16.2", {"CVE-2025-23266", "CVE-2025-23267"}),
        ("container-toolkit", "1.17.8", set()),
        ("cuda", "13.1", set()),
        ("cuda", "13.0", {"CVE-2025-33228", "CVE-2025-33229", "CVE-2025-33230", "CVE-2025-33231"}),
    ],
)
def test_real_bulletins(component: str, text: str, cves: set[str]) -> None:
    found: list[Spotted] = list(judge.audit(inventory(component, text), REAL))
    findings = [one.said for one in found if isinstance(one.said, Finding)]
    assert len(findings) == len(found)
    assert {cve for one in findings for cve in dict(one.evidence)["cves"].split(", ")} == cves


def test_a_real_driver() -> None:
    """535.183.01 has what was fixed in January 2026, and nothing of June 2024."""
    findings = [one.said for one in judge.audit(inventory("driver", "535.183.01", "Tesla"), REAL)]
    hit = [dict(one.evidence)["advisory"] for one in findings if isinstance(one, Finding)]
    assert hit == ["NVIDIA-5747"]
    assert "fixed in 535.288.01" in next(one.message for one in findings if isinstance(one, Finding))


# -- laws

NUMBERS = st.integers(0, 400)


@given(st.sampled_from([390, 470, 550, 590, 600]), NUMBERS, NUMBERS)
def test_an_unlisted_branch_is_never_clear(branch: int, minor: int, patch: int) -> None:
    assert said(R535, inventory("driver", f"{branch}.{minor}.{patch}")) == ["unknown"]


@given(st.tuples(NUMBERS, NUMBERS), st.tuples(NUMBERS, NUMBERS), st.sampled_from(["GeForce", "Tesla", ""]))
def test_a_higher_driver_has_no_more_flaws(one: tuple[int, int], other: tuple[int, int], product: str) -> None:
    low, high = sorted((one, other))

    def cves(numbers: tuple[int, int]) -> set[str]:
        found = judge.audit(inventory("driver", f"535.{numbers[0]}.{numbers[1]}", product), REAL)
        return {
            cve
            for each in found
            if isinstance(each.said, Finding)
            for cve in dict(each.said.evidence)["cves"].split(", ")
        }

    assert cves(high) <= cves(low)


@given(st.permutations(REAL.rows))
def test_the_order_of_the_rows_changes_no_answer(rows: list[Row]) -> None:
    facts = inventory("driver", "550.54.14")
    expected = {
        (one.said.rule.id, one.said.evidence) for one in judge.audit(facts, REAL) if isinstance(one.said, Finding)
    }
    found = judge.audit(facts, Bulletins(tuple(rows)))
    answers = {(one.said.rule.id, one.said.evidence) for one in found if isinstance(one.said, Finding)}
    assert {(rule, dict(facts)["cves"]) for rule, facts in answers} == {(r, dict(f)["cves"]) for r, f in expected}
