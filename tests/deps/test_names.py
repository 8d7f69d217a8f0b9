"""Names that pass for well-known ones, and honest ones near them."""

from __future__ import annotations

import pytest

from modelward.checks.deps.known import machine_learning, popular, ranked
from modelward.checks.deps.rules_names import look_alikes
from modelward.core.dependency import Origin, Package, canonical_name
from modelward.core.finding import Severity
from modelward.core.source_audit import Spot


def target(name: str) -> str | None:
    package = Package(canonical_name(name), "1.0", Spot("requirements.txt", 1, 1), Origin("unstated"))
    found = list(look_alikes(package))
    assert all(one.severity is Severity.LOW and dict(one.evidence)["package"] == package.name for one in found)
    return dict(found[0].evidence)["target"] if found else None


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("detecron2", "detectron2"),  # DataDog/malicious-software-packages-dataset
        ("deepseeek", "deepseek"),
        ("kersa", "keras"),
        ("numppy", "numpy"),
        ("nunpy", "numpy"),
        ("t0rch", "torch"),
        ("tranformers", "transformers"),
        ("tensorfiow", "tensorflow"),
        ("scikitlearn", "scikit-learn"),
        ("learn-scikit", "scikit-learn"),
        ("huggingface_hub-official", "huggingface-hub"),
        ("pandas-numpy", "pandas"),
        ("langchian", "langchain"),
    ],
)
def test_a_name_one_step_from_a_well_known_one(name: str, known: str) -> None:
    assert target(name) == known


@pytest.mark.parametrize(
    "name",
    "numpy torchvision torch-geometric jaxtyping polars keras-cv acme-internal pytorch-lightning lightning x ab "
    "numpyro sentence-transformers nvidia-cublas-cu12".split(),
)
def test_well_known_names_and_names_of_their_own_are_quiet(name: str) -> None:
    assert target(name) is None


def test_the_lists_are_canonical_and_without_repetition() -> None:
    for names in (ranked(), machine_learning()):
        assert len(set(names)) == len(names)
        assert [name for name in names if name != canonical_name(name)] == []
    assert len(popular()) > 14_000
