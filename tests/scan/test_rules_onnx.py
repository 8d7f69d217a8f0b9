"""What is said about an ONNX model."""

from __future__ import annotations

import pytest
from tests.corpus.formats import onnx as corpus
from tests.corpus.formats.onnx import (
    attribute,
    external,
    function,
    graph,
    metadata,
    model,
    node,
    of,
    raw,
    text,
    with_tensor,
)
from tests.corpus.protobuf import message

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.onnx.operators import domains, vendors
from modelward.checks.scan.onnx.rules_onnx import examine_onnx
from modelward.core.finding import Finding, Unexamined
from modelward.core.limits import Limits
from modelward.formats.source import Budget, BytesSource


def examine(data: bytes, **limits: int) -> list[Said]:
    return list(examine_onnx(BytesSource(data), Here((), Limits(**limits), Budget(0))))


def findings(data: bytes) -> list[Finding]:
    return [word for word in examine(data) if isinstance(word, Finding) and word.rule.id != "external-data"]


def rules(data: bytes) -> set[str]:
    return {finding.rule.id for finding in findings(data)}


def test_a_finding_names_tensor_path_and_bytes() -> None:
    data = with_tensor(external("../x\x1b[2J", name="w\n"))
    (finding,) = findings(data)
    assert finding.message == r"the data of 'w\n' of graph is in '../x\x1b[2J': it has characters that are not shown"
    start, end = finding.at.span or (0, 0)
    assert data[start:end] == external("../x\x1b[2J", name="w\n")


def test_one_finding_for_one_location() -> None:
    assert len(findings(with_tensor(external("../x"), external("../x", name="b"), external("../y", name="c")))) == 2


def test_one_finding_for_one_operator() -> None:
    (finding,) = findings(of(*[node("Evil", "x", name=f"n{index}") for index in range(50)]))
    assert dict(finding.evidence)["path"] == "graph/n0"


def _gaps(data: bytes) -> list[str]:
    return [word.why for word in examine(data) if isinstance(word, Unexamined)]


def test_of_a_node_with_any_number_of_attributes_the_operator_is_known() -> None:
    attributes = message(*[(5, attribute(f"a{index}", 2, (3, index))) for index in range(10_001)])
    data = model(graph(attributes + message((4, "Evil"), (7, "x"))))
    assert rules(data) == {"onnx-foreign-operator"}
    assert _gaps(data) == ["a node of more than 10,000 parts"]


def test_operator_sets_and_names_of_functions_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [(8, message((1, f"d{index}"), (2, 1))) for index in range(1_005)]
    assert _gaps(model(graph(node("Relu")), *many)) == ["more than 1,000 sets of operators"]
    monkeypatch.setattr("modelward.checks.scan.onnx.rules_onnx_graph._ROOM_FOR_NAMES", 10)
    named = [(25, function(name * 8)) for name in "ab"]
    assert _gaps(model(graph(node("Relu")), *named)) == ["more functions than the limit of entries"]


# --- operators ---


@pytest.mark.parametrize(
    "domain", ["com.example", "Com.Microsoft", "com.microsoft ", "ai.onnx.ML", "\0", "ai.onnx\u200b"]
)
def test_a_domain_that_only_looks_known(domain: str) -> None:
    assert rules(of(node("Relu", domain))) == {"onnx-foreign-operator"}


def test_a_function_of_the_model_is_no_foreign_operator() -> None:
    used = [node("Run", "com.example"), node("Other", "com.example")]
    (finding,) = findings(model(graph(*used), (25, function("Run", node("Relu"), domain="com.example"))))
    assert finding.message == "com.example::Other is used"


@pytest.mark.parametrize(("version", "rule"), [(0, "foreign"), (28, "foreign"), (29, "unlisted")])
def test_a_new_version_may_have_more_operators(version: int, rule: str) -> None:
    assert rules(model(graph(node("Foo")), opset=version)) == {f"onnx-{rule}-operator"}


def test_tables_are_read() -> None:
    assert "Conv" in domains()[""].names and domains()[""].up_to >= 28
    assert "MatMulNBits" in domains()["com.microsoft"].names
    assert domains()["ai.onnx.contrib"].is_library
    assert not set(domains()) & vendors()
    for name in ("EPContext", "Snpe", "PythonOp", "ATen", "ImageReader"):
        assert not any(name in domain.names for domain in domains().values())


@pytest.mark.parametrize(
    ("attributes", "nested", "escapes"),
    [
        ([text("ep_cache_context", b"\1" * 40)], True, False),
        ([text("ep_cache_context", "../x"), attribute("embed_mode", 2, (3, 1))], True, False),
        ([text("ep_cache_context", "../x"), attribute("embed_mode", 2, (3, 0))], False, True),
        ([attribute("embed_mode", 2, (3, 0)), text("ep_cache_context", "engine.bin")], False, False),
        ([text("onnx_model_filename", "/etc/passwd")], False, True),
    ],
)
def test_compiled_engines(attributes: list[bytes], nested: bool, escapes: bool) -> None:
    said = examine(of(node("EPContext", "com.microsoft", *attributes)))
    assert any(isinstance(word, Nested) and not word.raw for word in said) == nested
    found = {word.rule.id for word in said if isinstance(word, Finding)}
    assert found == {"onnx-compiled-engine"} | ({"onnx-external-path"} if escapes else set())


# --- functions ---


def test_functions_call_each_other_without_a_circle() -> None:
    chain = [(25, function(f"f{n}", node(f"f{n + 1}", "local"), node(f"f{n + 1}", "local"))) for n in range(15)]
    assert rules(model(graph(node("f0", "local")), *chain, (25, function("f15", node("Neg"))))) == set()


def test_a_long_chain_of_functions_is_no_recursion_of_ours() -> None:
    chain = [(25, function(f"f{n}", node(f"f{n + 1}", "local"))) for n in range(3_000)]
    assert rules(model(graph(node("f0", "local")), *chain)) == {"onnx-foreign-operator"}  # the last is missing


# --- tensors ---


def test_external_data_of_one_size_is_enough() -> None:
    without = external("model.data"), external("model.data", ("offset", "8"), name="b")
    assert rules(with_tensor(*without)) == set()
    overlapping = external("model.data", ("offset", "4"), name="b")
    assert rules(with_tensor(external("model.data"), overlapping)) == {"onnx-external-range"}


def test_data_outside_without_a_path() -> None:
    assert "onnx-external-path" in rules(with_tensor(corpus.tensor((14, 1))))


def test_more_tensors_than_the_limit() -> None:
    tensors = [external("d", ("offset", str(8 * n)), ("length", "8"), name=f"t{n}") for n in range(20)]
    gaps = [word for word in examine(with_tensor(*tensors), entries=10) if isinstance(word, Unexamined)]
    assert len(gaps) == 2


# --- what is hidden ---


def test_unknown_fields_add_up() -> None:
    many = [(99, b"x" * 50)] * 100
    assert rules(model(graph(node("Relu")), *many)) == {"onnx-unknown-field", "onnx-hidden-data"}
    assert rules(model(graph(node("Relu")), *many[:3])) == {"onnx-unknown-field"}


@pytest.mark.parametrize(
    "value",
    ["{0: 'a'}", '["a", "b (c)"]', "{0: 'it\\'s()'}", "person bicycle", "{0: 'f(x)', 1: \"lambda: 1\"}", "x" * 3000],
)
def test_class_names(value: str) -> None:
    assert rules(model(graph(node("Relu")), metadata("names", value))) == set()


@pytest.mark.parametrize(
    "value",
    [
        "print('x')",
        "[print('x')]",
        "{0: (lambda: 1)()}",
        "f'{open}'",
        "rF'{open}'",
        "r'a.' + print(1) + 'b'",
        "'\\\\' + print(1) + ''",
        "'''a'b''' + print(1)",
        "(1 # '\n + print('x')\n)",
        "['a'.join('bc')]",
        "{'a': [].__class__}",
        "{0: 'a' 'b'.upper ()}",
        "os.system('x')",
        "{0: \"a\", 1: __import__ ('os')}",
    ],
)
def test_class_names_that_call(value: str) -> None:
    assert rules(model(graph(node("Relu")), metadata("names", value))) == {"onnx-metadata-code"}


def test_a_field_behind_the_model_is_handed_on() -> None:
    data = of(node("Relu"))
    said = examine(data + b"\x07hidden")
    assert [type(word) for word in said] == [Unexamined, Nested]


def test_a_cut_off_model_says_how_to_repair_it() -> None:
    gaps = [word for word in examine(with_tensor(raw())[:-4]) if isinstance(word, Unexamined)]
    assert gaps and all(gap.do for gap in gaps)


def test_a_model_cut_off_between_two_fields_is_not_complete() -> None:
    whole = of(node("Relu"))
    assert not examine(whole)
    (gap,) = examine(whole[: -len(message((8, message((1, ""), (2, 17)))))])
    assert isinstance(gap, Unexamined) and "no set of operators" in gap.why


def test_descriptions_of_every_place_are_seen() -> None:
    binary = bytes(40)
    places = [
        model(graph(), (2, binary)),
        model(graph(more=((10, binary),))),
        of(node("Relu") + message((6, binary))),
        with_tensor(raw() + message((12, binary))),
        of(node("Relu", "", attribute("a", 2, (13, binary)))),
        model(graph(), (25, function("f", more=((8, binary),)))),
        model(graph(more=((11, message((1, "v"), (3, binary * 30))),))),
        model(graph(), (14, message((1, "key"), (2, binary)))),
        of(node("Relu", name="n" * 2000) + message((1, binary * 30))),
    ]
    assert [index for index, data in enumerate(places) if "onnx-hidden-data" not in rules(data)] == []
