"""https://mlflow.org/docs/latest/ml/model/"""

from __future__ import annotations

import pytest
from tests.conformance.cases import outcome, scan

FLAVOR = "flavors:\n  python_function:\n    {}\n"


@pytest.mark.parametrize(
    "line",
    ["loader_module: os", "loader_module: my.loader", "'loader_module': mlflow.evil-x", "code: ../../x", "code: /x"],
)
def test_code_that_is_not_of_mlflow_is_flagged(line: str) -> None:
    assert outcome(scan(FLAVOR.format(line).encode())) == "flagged"


@pytest.mark.parametrize(
    "line", ["loader_module: mlflow.sklearn", "code: code", "code: null", "model_code_path: agent.py"]
)
def test_what_mlflow_writes_is_not(line: str) -> None:
    assert outcome(scan(FLAVOR.format(line).encode())) == "clean"


def test_json_is_read_too() -> None:
    assert outcome(scan(b'{"flavors": {"python_function": {"loader_module": "x"}}}')) == "flagged"
