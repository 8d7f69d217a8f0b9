"""skops: what loaders build, one test for each way to hide it."""

from __future__ import annotations

import json

import pytest
from tests.conformance.cases import outcome, scan
from tests.corpus.files import zipped
from tests.corpus.formats.skops import (
    estimator,
    function,
    generator,
    hostile,
    items,
    mapping,
    method,
    node,
    operator,
    skops,
    value,
)


def ids(data: bytes) -> set[str]:
    return {finding.rule.id for finding in scan(data).findings}


# https://nvd.nist.gov/vuln/detail/CVE-2025-54412
def test_the_declared_module_of_an_operator_is_not_what_runs() -> None:
    assert ids(hostile()["operator"]) >= {"skops-inconsistent-node", "skops-dangerous-name"}
    assert ids(skops(operator("attrgetter", "operator", value("a")))) == set()


# https://nvd.nist.gov/vuln/detail/CVE-2025-54413
@pytest.mark.parametrize("func", ["a.b", "__class__", "predict.__globals__", "", "a b", "__init_subclass__"])
def test_a_method_walk(func: str) -> None:
    assert "skops-attribute-walk" in ids(skops(method(func)))


def test_a_method_of_another_object() -> None:
    assert "skops-inconsistent-node" in ids(hostile()["method-of-another-class"])
    assert ids(skops(method("predict"))) == set()


# https://nvd.nist.gov/vuln/detail/CVE-2024-37065
@pytest.mark.parametrize(
    "loader", ["ObjectNode", "ConstructorFromReduceNode", "TypeNode", "ListNode", "SetNode", "TupleNode", "DictNode",
               "NdArrayNode", "RandomStateNode", "LossNode", "FunctionNode", "NewNode"]
)  # fmt: skip
def test_a_dangerous_name_counts_whatever_its_loader(loader: str) -> None:
    assert "skops-dangerous-name" in ids(skops(items("list", node(loader, "os.system", []))))


@pytest.mark.parametrize(
    "name", ["posix.system", "sklearn.externals.os.system", "joblib.load", "numpy.load", "builtins.eval", "pip.main"]
)
def test_ways_around_a_list_of_names(name: str) -> None:
    assert outcome(scan(skops(function(name)))) == "flagged"


@pytest.mark.parametrize("loader", ["JsonNode", "SliceNode", "BytesNode", "PartialNode", "TreeNode", "DefaultDictNode"])
def test_loaders_that_build_one_thing_declare_it(loader: str) -> None:
    assert "skops-inconsistent-node" in ids(skops(node(loader, "sklearn.base.BaseEstimator", "1")))


def test_an_unknown_loader_is_a_gap() -> None:
    found = scan(skops(node("NewNode", "sklearn.base.BaseEstimator")))
    assert any("NewNode" in gap.why for gap in found.unexamined)


def test_protocol_0_imports_what_stands_apart() -> None:
    assert "skops-dangerous-name" in ids(hostile()["protocol-0"])


@pytest.mark.parametrize("name", ["seed", "set_bit_generator", "mtrand", ""])
def test_a_bit_generator_is_a_name_that_is_called(name: str) -> None:
    assert "skops-inconsistent-node" in ids(skops(generator(name)))


def test_an_id_that_stands_for_two_objects() -> None:
    first, second = estimator(), estimator()
    assert ids(skops(items("list", first, second))) == set()
    assert "skops-inconsistent-node" in ids(
        skops(items("list", first, function("numpy.log") | {"__id__": first["__id__"]}))
    )


def test_nodes_are_found_wherever_they_stand() -> None:
    hidden = node("ObjectNode", "sklearn.base.BaseEstimator", mapping(a=value(1)), extra=[{"x": function("os.system")}])
    assert "skops-dangerous-name" in ids(skops(hidden))


def test_a_large_schema_is_read() -> None:
    nodes = [value("x" * 900) for _ in range(5_000)]
    data = skops(items("list", *nodes, function("os.system")))
    assert len(data) > 5_000_000
    assert scan(data).unexamined == ()
    assert "skops-dangerous-name" in ids(data)


def test_bytes_are_data_in_which_a_file_still_counts() -> None:
    root = items("list", node("BytesNode", "builtins.bytes", file="1.bin"))
    found = scan(skops(root, files={"1.bin": b"\x93\x8e\xf3\x01" * 9}))
    assert (found.findings, found.unexamined) == ((), ())
    assert "pickle-dangerous-call" in ids(skops(root, files={"1.bin": hostile()["joblib"]}))


def test_another_schema_is_a_document_like_any() -> None:
    found = scan(zipped({"schema.json": json.dumps({"$schema": "x", "type": "object"}).encode()}))
    assert (found.findings, found.unexamined) == ((), ())


def test_a_finding_names_the_place() -> None:
    (finding,) = scan(skops(items("list", estimator(a=function("os.system"))))).findings
    assert dict(finding.evidence)["path"] == "$.content[].content.content.a"
    assert finding.at.inside == ("schema.json",) and finding.at.span is not None
