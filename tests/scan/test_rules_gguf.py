"""GGUF as the scan sees it: findings, templates, and what is hidden in a file."""

from __future__ import annotations

import pytest
from tests.conformance.cases import outcome, scan
from tests.corpus.formats import gguf as files
from tests.corpus.formats.gguf import INJECTION, LAYOUT, TEMPLATE, U8, gguf, templates, tensor_file

from modelward.checks.scan.rules_gguf import RULE_OF, RULES
from modelward.core.finding import Severity
from modelward.formats.gguf_facts import Invariant


def ids(data: bytes) -> set[str]:
    return {finding.rule.id for finding in scan(data).findings}


def test_every_invariant_has_a_rule_of_its_own() -> None:
    assert set(RULE_OF) == set(Invariant)
    assert len({rule.id for rule in RULES}) == len(RULES) == len(Invariant)


def test_a_finding_names_tensor_and_bytes() -> None:
    data = files.hostile()["product-of-dimensions"]
    (finding,) = scan(data).findings
    assert "'token_embd.weight'" in finding.message and finding.severity is Severity.HIGH
    assert finding.at.span is not None
    start, end = finding.at.span
    assert b"token_embd.weight" in data[start:end]


# https://nvd.nist.gov/vuln/detail/CVE-2024-34359: the template is rendered with every attribute in reach
@pytest.mark.parametrize("names", [{"default": INJECTION}, {"rag": INJECTION}, {"default": TEMPLATE, "x": INJECTION}])
def test_every_template_is_judged(names: dict[str, str]) -> None:
    found = scan(templates(**names))
    assert outcome(found) == "flagged"
    assert all("tokenizer.chat_template" in finding.at.inside[-1] for finding in found.findings)


def test_an_ordinary_template_is_quiet() -> None:
    assert ids(templates(default=TEMPLATE)) == set()


@pytest.mark.parametrize(
    "pair",
    [
        ("note", LAYOUT.string(files._PICKLE.ljust(80, b"."))),
        ("note", LAYOUT.array(U8, list(files._PICKLE.ljust(80, b".")))),
    ],
)
def test_files_inside_values_are_examined(pair: tuple[str, bytes]) -> None:
    assert "pickle-dangerous-call" in ids(gguf([pair]))


def test_bytes_behind_the_tensors_are_examined() -> None:
    data = tensor_file(data=bytes(128) + files._PICKLE)
    assert {"gguf-trailing-bytes", "pickle-dangerous-call"} <= ids(data)


def test_zeros_behind_the_tensors_are_no_gap() -> None:
    found = scan(tensor_file(data=bytes(128 + 64)))
    assert found.unexamined == ()
    assert outcome(found) == "clean"


def test_a_cut_off_file_says_how_to_repair_it() -> None:
    found = scan(files.ordinary()["model"][:-100])
    assert found.unexamined[0].do
