"""MLflow's MLmodel: which module loads the model.

mlflow.pyfunc.load_model puts the model's own code folder on Python's path, imports loader_module and calls it.
https://mlflow.org/docs/latest/ml/model/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.outside_path import leads_outside
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.decoded import Decoded
from modelward.formats.json_tree import Value, objects
from modelward.formats.yaml_nodes import Node, read_yaml
from modelward.formats.yaml_tokens import NotYaml

_SPEC = "https://mlflow.org/docs/latest/ml/model/"

LOADER = Rule(
    "mlflow-named-code",
    Severity.MEDIUM,
    "an MLmodel names code that loading the model imports",
    "MLflow puts the model's folder of code on Python's path, then imports the module that stands there and calls it.",
    "Read that module before you load the model.",
    ("CWE-470", "CWE-829", "AML.T0011.000", _SPEC),
)

LARGEST = 1 << 18
_KNOWN = re.compile(r"(?:mlflow|mlflavors|sktime\.utils|synapse\.ml\.mlflow|sparknlp|pmdarima|johnsnowlabs)(?:\.\w+)+")
_CODE = frozenset({"code", "model_code_path", "code_path", "data", "model_path", "pickled_model"})


def examine_mlflow(source: Source, here: Here) -> Iterator[Said]:
    """A text of YAML with the keys of an MLmodel."""
    decoded = Decoded(source.read(0, LARGEST))
    try:
        for node in read_yaml(decoded.text):
            if isinstance(node, Node) and node.value and (why := _judge(node.path, node.key or "", node.value)):
                start, end = decoded.byte(node.at), decoded.byte(node.end)
                yield here.finding(LOADER, f"{node.path} is {node.value[:200]!r}{why}", start, end)
    except NotYaml:
        return
    if source.size > LARGEST:
        yield here.unexamined(f"an MLmodel of more than the {LARGEST:,} bytes that are read", LARGEST)


def judge_document(body: Value, here: Here) -> Iterator[Said]:
    for path, item in objects(body):
        for key, value in item:
            if isinstance(value, str) and (why := _judge(f"{path}.{key}", key, value)):
                yield here.finding(LOADER, f"{path}.{key} is {value[:200]!r}{why}")


def _judge(path: str, key: str, value: str) -> str:
    if key == "loader_module" and not _KNOWN.fullmatch(value):
        return ", which is none of MLflow's own"
    inside_flavors = "flavors." in path
    if inside_flavors and key in _CODE and value != "." and (why := leads_outside(value.encode("utf-8", "replace"))):
        return f": {why}"
    return ""


RULES: tuple[Rule, ...] = (LOADER,)
