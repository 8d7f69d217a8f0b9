"""What texts say of a host: outputs of tools, lists of packages, wheels and inventories."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.deps.nvidia import cuda, host
from modelward.checks.deps.nvidia.version_text import Known, exact, exactly, floor, series, version
from modelward.core.dependency import Origin, Package
from modelward.core.source_audit import Spot

KERNEL = """NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023
GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)
"""
OPEN_KERNEL = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs-builder@x)\n"
SMI = """| NVIDIA-SMI 550.54.15     Driver Version: 550.54.15     CUDA Version: 12.4 |
| GPU  Name                 Persistence-M | Bus-Id        Disp.A | Volatile Uncorr. ECC |
"""
WINDOWS_SMI = """| NVIDIA-SMI 537.70        Driver Version: 537.70        CUDA Version: 12.2 |
| GPU  Name                     TCC/WDDM  | Bus-Id        Disp.A | Volatile Uncorr. ECC |
"""


def facts(text: str) -> list[tuple[str, str, str | None]]:
    return [(fact.component, fact.version, fact.system) for fact in host.read(text.encode(), "said.txt").facts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (KERNEL, [("driver", "535.104.05", "linux")]),
        (OPEN_KERNEL, [("driver", "580.95.05", "linux")]),
        # what the driver could run is not what is installed
        (SMI, [("driver", "550.54.15", "linux")]),
        (WINDOWS_SMI, [("driver", "537.70", "windows")]),
        ("Driver Version                            : 535.104.05\n", [("driver", "535.104.05", "linux")]),
        ("<driver_version>537.70</driver_version>\n", [("driver", "537.70", "windows")]),
        ("driver_version\n535.104.05\n535.104.05\n", [("driver", "535.104.05", "linux")]),
        ("driver_version\n450.203\n", [("driver", "450.203", None)]),
        ("NVIDIA Container Toolkit CLI version 1.17.8\ncommit: f202b80\n", [("container-toolkit", "1.17.8", "linux")]),
        ("cli-version: 1.17.8\nlib-version: 1.17.8\n", [("container-toolkit", "1.17.8", "linux")]),
        (
            "Cuda compilation tools, release 12.9, V12.9.86\n",
            [("cuda", "12.9 (of an unknown update)", None)],
        ),
        (
            "ii  nvidia-container-toolkit  1.17.7-1  amd64  tools\nrc  nvidia-driver-535  535.1-1  amd64  gone\n",
            [("container-toolkit", "1.17.7", "linux")],
        ),
        ("nvidia-container-toolkit\t1.14.0~rc.2-1\n", [("container-toolkit", "1.14.0-rc.2", "linux")]),
        ("ii  nvidia-driver-535:amd64 535.104.05-0ubuntu0.22.04.4 amd64 x\n", [("driver", "535.104.05", "linux")]),
        ("nvidia-driver-3:535.104.05-1.el9.x86_64\n", [("driver", "535.104.05", "linux")]),
        ("cuda-toolkit-12-9 12.9.1-1\n", [("cuda", "12.9 Update 1", "linux")]),
        ("cuda-cudart-12-8-12.8.57-1.x86_64\n", [("cuda", "12.8", "linux")]),
        ("nvidia-cuda-toolkit 11.8.89~11.8.0-5~deb12u1\n", [("cuda", "11.8 (of an unknown update)", "linux")]),
        ("cuda: Optional[str] = '12.1'\n", [("cuda", "12.1 (of an unknown update)", None)]),
        ("torch==2.5.1+cu121\nnvidia-cuda-runtime-cu12==12.8.57\n", [("cuda", "12.8", None)]),
        ("bash 5.2-1\nlibc6 2.36-9\n", []),
    ],
)
def test_texts_are_understood(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert facts(text) == expected


def test_a_revision_of_the_distribution_is_no_part_of_the_version() -> None:
    (fact,) = host.read(b"nvidia-container-toolkit 1.17.7-1\n", "x").facts
    assert fact.known == exactly(exact(1, 17, 7))


def test_a_torch_without_cuda_is_an_answer() -> None:
    found = host.read(b"__version__ = '2.5.1'\ncuda: Optional[str] = None\n", "version.py")
    assert (found.facts, found.gaps, found.is_understood) == ((), (), True)


def test_a_text_is_read_to_a_limit() -> None:
    found = host.read(b"\n" * 100_001 + KERNEL.encode(), "x")
    assert found.facts == () and "no more than 100,000 are read" in found.gaps[0].said.why


def test_a_version_that_is_not_understood_is_a_gap() -> None:
    found = host.read(b"NVIDIA Container Toolkit CLI version devel\n", "x")
    assert found.facts == () and "'devel'" in found.gaps[0].said.why


# -- wheels


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("nvidia-cuda-runtime-cu12", "12.9.79", Known(exact(12, 9, 1), floor((12, 10)))),
        ("nvidia-cuda-runtime-cu12", "12.8.57", exactly(exact(12, 8, 0))),
        ("nvidia-cuda-runtime-cu12", "12.1.105", Known(exact(12, 1, 1), floor((12, 2)))),
        ("nvidia-cuda-runtime-cu12", "12.6.68", exactly(exact(12, 6, 1))),
        # two updates have one runtime
        ("nvidia-cuda-runtime-cu12", "12.6.77", Known(exact(12, 6, 2), floor((12, 7)))),
        ("nvidia-cuda-runtime-cu12", "12.6.70", series(12, 6)),
        ("nvidia-cuda-runtime-cu12", "12.7.1", Known(exact(12, 7, 0), floor((12, 8)))),
        ("nvidia-cuda-runtime", "13.0.88", exactly(exact(13, 0, 1))),
        ("nvidia-cuda-nvrtc-cu12", "12.9.86", series(12, 9)),
        ("cuda-toolkit", "12.9.1", exactly(exact(12, 9, 1))),
        ("cuda-toolkit", "13.0.0", exactly(exact(13, 0, 0))),
        ("torch", "2.5.1+cu121", series(12, 1)),
        ("torch", "2.7.0+cu118", series(11, 8)),
        ("torch", "2.5.1+cpu", None),
        ("torch", "2.5.1", None),
        ("nvidia-cublas-cu12", "12.1.3.1", None),
        ("nvidia-cuda-runtime-cu12", "", None),
    ],
)
def test_wheels_say_which_toolkit_they_are_of(name: str, text: str, expected: Known | None) -> None:
    wheel = cuda.of_wheel(name, text)
    assert (wheel.known if wheel else None) == expected


@given(st.integers(10, 14), st.integers(0, 12), st.integers(0, 200))
def test_a_build_is_always_of_its_own_version(major: int, minor: int, build: int) -> None:
    found = cuda.of_wheel("nvidia-cuda-runtime-cu12", f"{major}.{minor}.{build}")
    assert found is not None
    whole = series(major, minor)
    assert whole.low <= found.known.low <= found.known.high <= whole.high


def test_of_several_wheels_the_closest_counts() -> None:
    at = [Spot("uv.lock", line, 1) for line in range(3)]
    packages = [
        Package("torch", "2.5.1+cu124", at[0], Origin("unstated")),
        Package("nvidia-cuda-runtime-cu12", "12.4.99", at[1], Origin("unstated")),
        Package("nvidia-cuda-nvrtc-cu12", "12.4.99", at[2], Origin("unstated")),
    ]
    (fact,) = host.of_packages(packages)
    assert (fact.at, fact.version, bool(fact.part)) == (at[1], "12.4", True)


def test_what_is_installed_together_counts_together() -> None:
    origin = Origin("unstated")
    packages = [
        Package("torch", "2.5.1+cu124", Spot("env/torch-2.5.1.dist-info/METADATA", 1, 1), origin, is_installed=True),
        Package(
            "nvidia-cuda-runtime-cu12", "12.4.99", Spot("env/n.dist-info/METADATA", 1, 1), origin, is_installed=True
        ),
        Package("torch", "2.5.1+cu118", Spot("other/torch-2.5.1.dist-info/METADATA", 1, 1), origin, is_installed=True),
    ]
    assert [fact.version for fact in host.of_packages(packages)] == ["12.4", "11.8 (of an unknown update)"]


# -- inventories


def test_an_inventory_says_it_all() -> None:
    text = (
        'schema = "modelward/host/1"\nsystem = "windows"\n'
        '[driver]\nversion = "537.70"\nproduct = "Tesla"\n[cuda]\nversion = "12.9 Update 1"\n'
    )
    driver, toolkit = host.read(text.encode(), "host.toml").facts
    assert (driver.component, driver.system, driver.product, driver.at.line) == ("driver", "windows", "Tesla", 3)
    assert (toolkit.component, toolkit.known) == ("cuda", exactly(exact(12, 9, 1)))


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "system = 'bsd'\n[cuda]\nversion = '12.1'",
        "[cuda]\nversion = 12.1",
        "[cuda]\nversion = 'latest'",
        "[cuda]\n",
        "[cuda]\nversion = '12.1'\nproduct = 'x'",
        "[cuba]\nversion = '12.1'",
        "cuda = '12.1'",
        "[cuda\nversion = '12.1'",
    ],
)
def test_an_inventory_with_anything_else_in_it_is_refused(rest: str) -> None:
    found = host.read(f'schema = "modelward/host/1"\n{rest}'.encode(), "host.toml")
    assert found.facts == () and found.gaps[0].said.why.startswith("the inventory is refused")


def test_the_schema_of_an_inventory_stands_at_its_top() -> None:
    found = host.read(b'[cuda]\nversion = "12.1"\nschema = "modelward/host/1"\n', "host.toml")
    assert found.facts == () and len(found.gaps) == 1


@given(st.binary(max_size=300))
def test_any_bytes_are_read(raw: bytes) -> None:
    found = host.read(raw, "x")
    assert found.is_understood or not found.facts


@given(st.sampled_from([KERNEL, SMI, "torch==2.5.1+cu121\n", "cuda-toolkit-12-9 12.9.1-1\n"]), st.text(max_size=40))
def test_what_stands_around_a_fact_does_not_hide_it(text: str, more: str) -> None:
    apart = "".join(letter for letter in more if letter.isprintable())
    # a text that has the words of another tool may say more, never less
    assert set(facts(text)) <= set(facts(f"{apart.replace('schema', '')}\n{text}")) or "==" in apart


def test_a_version_is_a_version_alone() -> None:
    assert [version(text) for text in ("", "1.2 ", "1.2a", "1..2", "1" * 400)] == [None, exact(1, 2), None, None, None]
