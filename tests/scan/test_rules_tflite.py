"""What is said of TensorFlow Lite's models."""

from __future__ import annotations

import io
import zipfile

import pytest
from tests.conformance.cases import outcome, scan
from tests.corpus.formats.tensorflow import WRITE
from tests.corpus.formats.tflite import ordinary
from tests.corpus.tensorflow import graph, node
from tests.corpus.tflite import custom, flex_options, model


def rules(data: bytes) -> set[str]:
    return {finding.rule.id for finding in scan(data).findings}


@pytest.mark.parametrize("name", ["FlexWriteFile", "FlexPyFunc", "FlexReadFile", "FlexSaveV2", "FlexMyOperator"])
def test_flex_operators(name: str) -> None:
    operator = name.removeprefix("Flex")
    assert outcome(scan(custom(name, flex_options(operator, node("", operator, ""))))) == "flagged"


def test_the_node_counts_and_not_its_name() -> None:
    assert "tensorflow-file-write" in rules(custom("FlexRelu", flex_options("Relu", node("", "WriteFile", ""))))


def test_a_flex_operator_without_a_node_is_unexamined() -> None:
    assert outcome(scan(custom("FlexRelu", b"no FlexBuffer"))) == "incomplete"


def test_labels_behind_the_model() -> None:
    assert scan(ordinary()["labels"]).findings == ()
    assert "zip-prepended-data" in rules(ordinary()["labels"].replace(b"TFL3", b"TFLX"))


def test_something_between_the_model_and_the_archive() -> None:
    file = io.BytesIO(model() + graph(*WRITE))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("labels.txt", "cat")
    assert outcome(scan(file.getvalue())) == "flagged"


def test_what_follows_is_examined() -> None:
    assert {"tflite-trailing-bytes", "tensorflow-file-write"} <= rules(model() + graph(*WRITE))
