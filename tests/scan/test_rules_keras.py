"""Keras configurations: one test for each published way in, and what stays ordinary."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.conformance.cases import scan
from tests.corpus.formats.keras import hostile, ordinary
from tests.corpus.keras import function, lambda_code, layer, made, saved, sequential

from modelward.checks.scan.keras import rules_keras
from modelward.checks.scan.keras.names import Stands, names, stands_for
from modelward.core.finding import Finding

RULE_OF = {
    # https://nvd.nist.gov/vuln/detail/CVE-2024-3660
    "CVE-2024-3660": "keras-lambda-code",
    "CVE-2024-3660 in keras 2": "keras-lambda-code",
    # https://nvd.nist.gov/vuln/detail/CVE-2025-9905
    "CVE-2025-9905": "keras-lambda-code",
    "output shape": "keras-lambda-code",
    "lambda anywhere": "keras-lambda-code",
    "named lambda": "keras-named-lambda",
    # https://github.com/advisories/GHSA-48g7-3x6r-xfhp
    "CVE-2025-1550": "keras-python-name",
    "CVE-2025-1550 as a class": "keras-python-name",
    "CVE-2025-1550 in the compilation": "keras-python-name",
    "CVE-2025-1550 in the building": "keras-python-name",
    # https://github.com/advisories/GHSA-c9rc-mg46-23w3
    "CVE-2025-8747": "keras-unsafe-function",
    # https://nvd.nist.gov/vuln/detail/CVE-2025-12060
    "CVE-2025-12060": "keras-unsafe-function",
    # https://github.com/advisories/GHSA-36fq-jgmw-4r9c
    "CVE-2025-9906": "keras-unsafe-function",
    # https://nvd.nist.gov/vuln/detail/CVE-2026-1462
    "CVE-2026-1462": "keras-saved-model-layer",
    # https://nvd.nist.gov/vuln/detail/CVE-2025-49655
    "CVE-2025-49655": "keras-torch-module",
    # https://nvd.nist.gov/vuln/detail/CVE-2025-12058
    "CVE-2025-12058": "keras-vocabulary-file",
    "CVE-2025-12058 by URL": "keras-vocabulary-file",
    "another package": "keras-foreign-function",
    "one name": "keras-unsafe-function",
    "registered name": "keras-unsafe-function",
    "imported by a module of layers": "keras-unsafe-function",
    "copy of a file": "keras-unsafe-function",
    "type": "keras-python-name",
    "relative module": "keras-python-name",
    "keras 2": "keras-unsafe-function",
    "jax": "keras-named-lambda",
    "tensorflow": "keras-tensorflow-call",
    "tensorflow v1": "keras-tensorflow-call",
    "class method": "keras-tensorflow-call",
    "operation": "keras-tensorflow-call",
    "operation as text": "keras-tensorflow-call",
    "operation in bytes": "keras-tensorflow-call",
    "sampler with a file": "keras-tensorflow-call",
    "method of a method": "keras-tensorflow-call",
    # https://www.tensorflow.org/hub/api_docs/python/hub/KerasLayer
    "model of a hub": "keras-custom-path",
    "file of a tokenizer": "keras-custom-path",
    "repeated key": "keras-python-name",
    "escaped key": "keras-python-name",
    "wide": "keras-python-name",
    "not strict": "keras-python-name",
    "metadata": "keras-python-name",
    "pickle beside the weights": "pickle-dangerous-call",
    "configuration of a group": "keras-lambda-code",
    "configuration of any length": "keras-lambda-code",
    "configuration behind a user block": "keras-lambda-code",
    "configuration before a NUL": "keras-lambda-code",
    "configuration of another name": "keras-lambda-code",
    "pickled dictionary": "pickle-dangerous-call",
}


@pytest.mark.parametrize("name", hostile())
def test_hostile_samples_are_found_by_their_rule(name: str) -> None:
    assert RULE_OF[name] in {finding.rule.id for finding in scan(hostile()[name]).findings}


@pytest.mark.parametrize("name", ordinary())
def test_ordinary_samples_have_at_most_custom_objects(name: str) -> None:
    found = {finding.rule.id for finding in scan(ordinary()[name]).findings}
    assert found <= ({"keras-custom-object"} if "custom" in name else set())


def said(value: Any) -> list[Finding]:
    return list(scan(json.dumps(value).encode()).findings)


def test_the_torch_module_is_examined() -> None:
    found = scan(hostile()["CVE-2025-49655"])
    assert "pickle-dangerous-call" in {finding.rule.id for finding in found.findings}


def test_a_finding_shows_the_call_and_its_place() -> None:
    (finding,) = said(sequential(made("os", "system", {"command": "true"})))
    assert finding.message == "os.system belongs to Python"
    assert dict(finding.evidence) == {"does": "os.system(command='true')", "where": "$.config.layers[0]"}


def test_code_shows_the_names_that_it_uses() -> None:
    (finding,) = said(lambda_code())
    assert "system" in dict(finding.evidence)["does"]


def test_what_is_true_of_many_is_said_once() -> None:
    assert len(said(sequential(*[made("my.layers", "Gate")] * 50))) == 1


@pytest.mark.parametrize("value", [1, None, [], {}, "", True])
@pytest.mark.parametrize("key", ["module", "class_name", "config", "registered_name"])
def test_a_value_of_any_type_raises_nothing(key: str, value: object) -> None:
    for body in (made("keras", "Dense"), layer("Lambda"), function("keras.ops", "relu"), layer("TFOpLambda")):
        said(body | {key: value})
        said(body | {"config": {key: value, "function": value, "vocabulary": value, "node_def": value}})


def test_an_object_without_a_config_is_none() -> None:
    assert said({"class_name": "function", "module": "os"}) == []


@pytest.mark.parametrize(
    ("module", "name", "is_function", "expected"),
    [
        ("keras.layers", "Dense", False, Stands.PART),
        ("keras.src.layers.core.dense", "Dense", False, Stands.PART),
        ("tensorflow.python.keras.layers", "Dense", False, Stands.PART),
        ("tf_keras.src.engine.functional", "Functional", False, Stands.PART),
        ("keras.layers", "NewLayer", False, Stands.CUSTOM),
        ("keras.layers", "deserialize", False, Stands.UNSAFE),
        ("keras.layers", "deserialize", True, Stands.UNSAFE),
        ("keras.applications", "ResNet50", False, Stands.UNSAFE),
        ("keras.callbacks", "CSVLogger", False, Stands.UNSAFE),
        ("keras.src.saving.saving_lib", "load_model", True, Stands.UNSAFE),
        ("keras.legacy.saving", "deserialize_keras_object", True, Stands.UNSAFE),
        ("keras", "config.enable_unsafe_deserialization", True, Stands.UNSAFE),
        ("keras.ops", "copy", True, Stands.PART),
        ("keras.src.utils.file_utils", "copy", True, Stands.UNSAFE),
        ("builtins", "relu", True, Stands.PART),
        ("builtins", "my_loss", True, Stands.CUSTOM),
        ("builtins", "eval", True, Stands.PYTHON),
        (None, "Dense", False, Stands.PART),
        (None, "Gate", False, Stands.CUSTOM),
        ("__main__", "Gate", False, Stands.CUSTOM),
        (None, "func_load", False, Stands.UNSAFE),
        ("os", "Anything", False, Stands.PYTHON),
        ("os.path", "join", True, Stands.PYTHON),
        ("keras_hub.src.models.bert", "BertBackbone", False, Stands.CUSTOM),
        ("keras_hub.src.utils", "load", True, Stands.FUNCTION),
        ("kerasx.layers", "dense", False, Stands.FUNCTION),
        ("torch.hub", "load", True, Stands.FUNCTION),
        ("my.layers", "Gate", False, Stands.CUSTOM),
    ],
)
def test_names(module: str | None, name: str, is_function: bool, expected: Stands) -> None:
    assert stands_for(module, name, is_function) is expected


def test_no_name_is_a_part_and_unsafe() -> None:
    assert names("classes") & names("unsafe") == set()
    assert names("functions") & names("unsafe") == {"copy"}  # one of tensors in keras.ops, one of files elsewhere
    assert {"get", "deserialize", "get_file", "load_model"} & names("functions") == set()


def test_more_objects_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_keras, "_MOST_OBJECTS", 10)
    found = scan(json.dumps([made("os", "system")] + [made("keras", "Dense")] * 20).encode())
    assert [finding.rule.id for finding in found.findings] == ["keras-python-name"]
    assert [gap.why for gap in found.unexamined] == ["more than 10 objects in one configuration"]


def test_keys_that_are_repeated_too_often() -> None:
    found = scan(b"{" + b'"class_name": "x",' * 1_000 + b'"config": {}}')
    assert [gap.why for gap in found.unexamined] == ["$: keys that are repeated too often to read it in every way"]


@pytest.mark.parametrize(
    ("value", "is_path"),
    [
        ("https://tfhub.dev/google/x/1", True),
        ("gs://bucket/x", True),
        ("/etc/passwd", True),
        ("/tmp/x", True),
        ("~/x", True),
        ("a/../../x", True),
        ("..\\x", True),
        ("C:\\x", True),
        ("\\\\server\\x", True),
        ("a/b", False),
        ("/", False),
        ("/s", False),
        ("abc,cd->abd", False),
        ("[^\\w/]+", False),
        ("and/or", False),
        ("see ... /", False),
    ],
)
def test_what_a_custom_class_is_given(value: str, is_path: bool) -> None:
    """The rule that no ordinary layer of a user breaks: numbers, names, expressions."""
    for setting in (value, ["x", value], {"nested": {"path": value}}):
        model = saved(sequential(made("my.layers", "Gate", {"units": 2, "setting": setting})))
        assert ("keras-custom-path" in {finding.rule.id for finding in scan(model).findings}) is is_path
