"""Tags and targets: what is graver, and what is no finding at all."""

from __future__ import annotations

import pytest
from tests.conformance.cases import scan

from modelward.checks.scan.texts.rules_hydra import judge_target
from modelward.checks.scan.texts.rules_yaml import judge_tag
from modelward.formats import yaml_nodes

CORE = "tag:yaml.org,2002:"


def found(text: str) -> list[str]:
    return [one.rule.id for one in scan(text.encode()).findings]


def gaps(text: str) -> list[str]:
    return [gap.why for gap in scan(text.encode()).unexamined]


@pytest.mark.parametrize(
    ("tag", "rule"),
    [
        (CORE + "python/object/apply:os.system", "yaml-dangerous-object"),
        (CORE + "python/object/apply:package.os.system", "yaml-dangerous-object"),
        (CORE + "python/name:__builtin__.eval", "yaml-dangerous-object"),
        (CORE + "python/object/apply:exec", "yaml-dangerous-object"),
        (CORE + "python/object:own.Class", "yaml-python-object"),
        (CORE + "python/object/apply:collections.OrderedDict", "yaml-python-object"),
        (CORE + "python/module:os", "yaml-python-object"),
        (CORE + "python/tuple", None),
        (CORE + "str", None),
        (CORE + "java.lang.Runtime", "yaml-foreign-object"),
        ("java.lang.Runtime", "yaml-foreign-object"),
        (CORE + "[Ljava.lang.String;", "yaml-local-tag"),
        ("!ruby/object:Gem::Requirement", "yaml-foreign-object"),
        ("!System.Diagnostics.Process", "yaml-foreign-object"),
        ("!new:speechbrain.nnet.RNN.LSTM", "yaml-named-object"),
        ("!apply:subprocess.run", "yaml-dangerous-object"),
        ("!Ref", "yaml-local-tag"),
        ("!", None),
    ],
)
def test_tags(tag: str, rule: str | None) -> None:
    judged = judge_tag(tag)[0]
    assert (judged and judged.id) == rule


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("torch.optim.Adam", None),
        ("torch.random.manual_seed", None),
        ("transformers.AutoModel.from_pretrained", None),
        ("os.path.join", None),
        ("functools.partial", None),
        ("builtins.dict", None),
        ("own.Model", "hydra-unknown-target"),
        ("own.os.system", "hydra-dangerous-target"),
        ("torch.hub.load", "hydra-dangerous-target"),
        ("torch.load", "hydra-dangerous-target"),
        ("builtins.exec", "hydra-dangerous-target"),
        ("pty.spawn", "hydra-dangerous-target"),
        ("own.Class.__init__.__globals__", "hydra-dangerous-target"),
        ("${x}.system", "hydra-computed-target"),
        ("no name", None),
        ("name", None),
    ],
)
def test_targets(name: str, rule: str | None) -> None:
    judged = judge_target(name)[0]
    assert (judged and judged.id) == rule


def test_the_call_is_shown() -> None:
    (finding,) = scan(b"a:\n- !!python/object/apply:os.system ['touch x']\n").findings
    assert dict(finding.evidence)["does"] == "os.system('touch x')"
    assert finding.at.span == (5, 38)


def test_places_are_bytes() -> None:
    (finding,) = scan("ä: !!python/name:os.system\n".encode()).findings
    assert finding.at.span == (4, 28)


def test_prose_with_tags_is_no_gap_unless_they_are_harmful() -> None:
    assert gaps("@ no yaml\n\n !important\n") == []
    assert gaps("@ no yaml\n\n !!python/name:os.system\n") != []


def test_a_broken_document_does_not_hide_the_one_before() -> None:
    assert found("!!python/name:os.system\n---\n@\n") == ["yaml-dangerous-object"]


def test_what_is_named_for_another_function_counts() -> None:
    assert "hydra-dangerous-target" in found("_target_: hydra.utils.get_class\npath: subprocess.Popen\n")


def test_a_target_without_strict_key_must_be_dangerous() -> None:
    assert found("target: own.Model\nclass_path: own.Model\n") == []
    assert found("target: os.system\n") == ["hydra-dangerous-target"]


def test_a_long_configuration_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "MOST_TOKENS", 100)
    assert gaps("_target_: torch.nn.Linear\n" + "a: b\n" * 100) != []
