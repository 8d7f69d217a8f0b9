"""What is said of TensorFlow's models: by operator, by the path that reaches it, by who calls it."""

from __future__ import annotations

import pytest
from tests.conformance.cases import outcome, scan
from tests.corpus.formats.tensorflow import PATH
from tests.corpus.protobuf import message
from tests.corpus.tensorflow import (
    INPUT,
    SAVER,
    TRACED,
    asset,
    constant,
    function,
    function_of,
    graph,
    node,
    saved_model,
    text,
)

from modelward.checks.scan.pickle.callables import rules_version
from modelward.checks.scan.tensorflow.operators import _table, find
from modelward.core.finding import Severity


def rules(data: bytes) -> set[str]:
    return {finding.rule.id for finding in scan(data).findings}


# --- the table ---


def test_the_table() -> None:
    sections = {one.section for one in _table().values()}
    assert sections == {
        "python", "write", "read", "network", "process", "opaque", "save", "restore", "asset", "library", "standard"
    }  # fmt: skip
    assert all(one.does for one in _table().values() if one.section not in ("library", "standard"))
    assert "sha256" in rules_version()


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("MatMul", "standard"),
        ("SaveV2", "save"),
        ("CaseFoldUTF8", "library"),
        ("IO>FileRead", "read"),
        ("readfile", None),
    ],
)
def test_find(name: str, section: str | None) -> None:
    found = find(name)
    assert (found.section if found else None) == section


@pytest.mark.parametrize("name", [name for name, one in sorted(_table().items()) if one.does and not one.harmless])
def test_every_listed_operator_is_said(name: str) -> None:
    """With a path that the graph brings."""
    known = find(name)
    assert known is not None
    inputs = ["path"] * (1 + max((one for one in known.targets if isinstance(one, int)), default=-1))
    found = scan(saved_model(PATH, INPUT, node("n", name, *inputs)))
    assert [one for one in found.findings if dict(one.evidence).get("operator") == name]


@pytest.mark.parametrize("name", [name for name, one in sorted(_table().items()) if one.harmless])
def test_operators_that_depend_on_their_target(name: str) -> None:
    known = find(name)
    assert known is not None
    (target,) = known.targets
    harmless = node("n", name, *["none"] * (target + 1)) if isinstance(target, int) else node("n", name)
    evil = (
        node("n", name, *["path"] * (target + 1))
        if isinstance(target, int)
        else node("n", name, **{target: text("file:///x")})
    )
    assert outcome(scan(saved_model(constant("none", ""), harmless))) == "clean"
    assert outcome(scan(saved_model(PATH, evil))) == "flagged"


# --- what is said of it ---


def test_evidence() -> None:
    (finding,) = scan(saved_model(PATH, node("w", "WriteFile", "path:0"))).findings
    assert finding.message == "node 'w': WriteFile writes a file"
    assert dict(finding.evidence) == {"operator": "WriteFile", "target": "'/tmp/mark'"}
    assert finding.at.span is not None


def test_path_through_other_nodes() -> None:
    nodes = (PATH, constant("more", ".txt"), node("j", "StringJoin", "path", "more"), node("i", "Identity", "j"))
    (finding,) = scan(saved_model(*nodes, node("w", "WriteFile", "i:0"))).findings
    assert dict(finding.evidence)["target"] in ("'/tmp/mark', '.txt'", "'.txt', '/tmp/mark'")


def test_path_in_a_circle() -> None:
    circle = (node("a", "Identity", "b"), node("b", "Identity", "a"))
    assert rules(saved_model(*circle, node("w", "WriteFile", "a"))) == {"tensorflow-file-write"}


def test_findings_of_one_operator_are_limited() -> None:
    found = scan(saved_model(PATH, *[node(f"w{number}", "WriteFile", "path") for number in range(500)]))
    assert len(found.findings) == 50
    assert found.unexamined == ()


def test_embedded_files() -> None:
    """A graph in a text, and a pickle in an attribute: more operators read texts than are known here."""
    hidden = graph(PATH, node("w", "WriteFile", "path"), node("n" * 300, "NoOp"))
    assert "tensorflow-file-write" in rules(saved_model(constant("c", hidden)))
    assert scan(saved_model(INPUT, node("a", "Relu", "x", note=text(bytes(range(256)) * 4)))).unexamined == ()


# --- checkpoints ---


def test_the_saver_is_ordinary() -> None:
    assert scan(saved_model(INPUT, *SAVER, functions=TRACED)).findings == ()


def test_the_saver_through_other_functions() -> None:
    inner = function("inner", ("p",), node("s", "SaveV2", "p", "names", "names"))
    save = function("traced_save", ("p",), node("c", "PartitionedCall", "p", f=function_of("inner")))
    assert scan(saved_model(INPUT, *SAVER, functions=(inner, save))).findings == ()


@pytest.mark.parametrize(
    "caller",
    [
        node("w", "While", "x", body=function_of("traced_save")),
        node("w", "MapDataset", "x", f=function_of("traced_save")),
        node("w", "Case", "x", branches=message((1, message((9, message((1, "traced_save"))))))),
        node("w", "traced_save", "x"),
    ],
)
def test_others_that_call_the_function_of_the_saver(caller: bytes) -> None:
    assert rules(saved_model(INPUT, *SAVER, caller, functions=TRACED)) == {"tensorflow-checkpoint-write"}


def test_functions_that_call_one_another() -> None:
    first = function(
        "a", ("p",), node("s", "SaveV2", "p", "x", "x"), node("c", "PartitionedCall", "p", f=function_of("b"))
    )
    second = function("b", ("p",), node("c", "PartitionedCall", "p", f=function_of("a")))
    call = node("go", "PartitionedCall", "x", f=function_of("b"))
    assert rules(saved_model(INPUT, call, functions=(first, second))) == {"tensorflow-checkpoint-write"}


# --- assets ---


@pytest.mark.parametrize(
    ("filename", "said"), [("vocab.txt", set()), ("vocab.txt_1", set()), ("other.txt", {"tensorflow-outside-asset"})]
)
def test_the_path_of_an_asset_is_where_it_came_from(filename: str, said: set[str]) -> None:
    nodes = (constant("p", "/home/me/vocab.txt"), node("t", "InitializeTableFromTextFileV2", "table", "p"))
    assert rules(saved_model(*nodes, more=(asset("p:0", filename),))) == said


# --- severities ---


def test_severities() -> None:
    found = scan(saved_model(INPUT, node("a", "HorovodAllreduce", "x"), node("b", "Mine", "x"))).findings
    assert {finding.rule.id: finding.severity for finding in found} == {
        "tensorflow-library-operator": Severity.LOW,
        "tensorflow-unknown-operator": Severity.MEDIUM,
    }
