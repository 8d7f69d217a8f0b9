"""Configurations, tokenizers, notebooks and secrets. Most files are in tests/corpus/formats/{hf_json,notebook}.py."""

from __future__ import annotations

import json
import random
import string

import pytest
from tests.conformance.cases import outcome, scan
from tests.corpus.formats.hf_json import TOKENIZER, large_tokenizer
from tests.corpus.formats.notebook import PNG, code, markdown, notebook, output

from modelward.checks.scan.here import Here
from modelward.checks.scan.texts.documents import examine_json_like
from modelward.checks.scan.texts.rules_secrets import examine_secrets
from modelward.core.finding import Finding
from modelward.core.limits import Limits
from modelward.formats.json_tree import LARGEST
from modelward.formats.source import Budget, BytesSource

HERE = Here((), Limits(), Budget(0))


def ids(raw: bytes) -> set[str]:
    return {finding.rule.id for finding in scan(raw).findings}


# --- documents ---


def test_a_large_tokenizer_is_examined_in_full() -> None:
    found = scan(large_tokenizer())
    assert found.findings == ()
    assert found.unexamined == ()


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"chat_template": "{{ x.__class__ }}"}, "jinja-attribute-walk"),
        ({"_attn_implementation_internal": "a/b"}, "config-hub-kernel"),
        ({"decoder": {"type": "Shell"}}, "tokenizer-unknown-part"),
    ],
)
def test_what_stands_behind_a_vocabulary_is_found(more: dict[str, object], rule: str) -> None:
    body = json.loads(large_tokenizer())
    assert rule in ids(json.dumps({**body, **more}).encode())


def _modules(path: str) -> bytes:
    return json.dumps([{"idx": 0, "name": "0", "path": path, "type": "sentence_transformers.models.Pooling"}]).encode()


@pytest.mark.parametrize("path", ["", ".", "./", "1_Pooling", "1_Pooling/", "models/2_Dense", "a..b"])
def test_parts_of_a_model_lie_in_its_folder(path: str) -> None:
    assert ids(_modules(path)) == set()


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "/etc", "C:/x", "..\\x", "a/..", "~/x", "%2e%2e/x"])
def test_parts_of_a_model_that_lie_elsewhere_are_told(path: str) -> None:
    assert ids(_modules(path)) == {"config-module-outside"}


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b" \n", b" " * LARGEST])
@pytest.mark.parametrize("behind", [b"x", b"[]", b"]", _modules("1_Pooling")])
def test_a_document_with_something_behind_it_is_judged_and_the_rest_is_a_gap(before: bytes, behind: bytes) -> None:
    found = scan(before + _modules("../x") + behind)
    assert {finding.rule.id for finding in found.findings} == {"config-module-outside"}
    assert any("something follows the document" in gap.why for gap in found.unexamined)


@pytest.mark.parametrize("text", [b"[1] A note.\n{% if x %}y{% endif %}\n", b'{} "type": "a.b"\n'])
def test_a_text_that_only_begins_like_a_document_is_none(text: bytes) -> None:
    assert outcome(scan(text)) == "clean"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{~"class_name"~: "Lambda", "config": {"function": ["4wE=", null, null]}}', "keras-lambda-code"),
        ('[{"idx": 0, "path": "",~"type"~:~"os.path.Evil"}]', "config-named-class"),
    ],
)
def test_white_space_of_any_length_may_follow_a_key(text: str, rule: str) -> None:
    """Of a text that is looked at window by window, no key may be in none of them."""
    first, *rest = text.split("~")
    spaced = first + " " * ((1 << 18) - len(first) - 4) + rest[0] + "".join(" " * 3000 + part for part in rest[1:])
    assert rule in ids(spaced.encode())


def test_a_document_that_ends_too_early_is_a_gap() -> None:
    raw = json.dumps({"a": [1, {"b": "c d"}], "chat_template": "{{ x }}"}).encode()
    for size in range(2, len(raw) - 1):
        assert outcome(scan(raw[:size])) == "incomplete", raw[:size]


@pytest.mark.parametrize(
    "raw",
    [b"[link](https://example.org)", b"[1] Smith, 2020", b"{\\bf x}", b'{"a": 1}\n{"a": 2}\n', b"[section]\nkey = 1\n",
     b"{ a: 1 }", b"{% if x %}a{% endif %}", b"[WARNING] nothing"],
)  # fmt: skip
def test_other_texts_with_braces_are_no_gap(raw: bytes) -> None:
    assert list(examine_json_like(BytesSource(raw), HERE)) == []


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ({"_attn_implementation": {"text": "a/b", "vision": "sdpa"}}, {"config-hub-kernel"}),
        ({"attn_implementation": "kernels-community/flash-attn"}, set()),
        ({"_attn_implementation_internal": "kernels-community/flash-attn"}, {"config-hub-kernel"}),
        ({"model_type": "x", "trust_remote_code": "no"}, set()),
        ({"trust_remote_code": True}, set()),
        ({"activation_fn": "torch.nn.modules.linear.Identity"}, set()),
        ({"activation_function": "gelu"}, set()),
        ({"pretrained_cfg": {"url": "http://example.org/x.pth"}}, {"config-remote-file"}),
        ({"vocab_file": "/home/x/vocab.json"}, set()),
    ],
)
def test_configurations(body: dict[str, object], rules: set[str]) -> None:
    assert ids(json.dumps(body).encode()) == rules


@pytest.mark.parametrize(
    ("pattern", "slow"),
    [("(a+)+", True), ("(?:\\w*,)*x", True), ("(?:[^\\s]+)*", True), ("(a+){2,}", True),
     ("(?:a|b)+", False), ("(a+)", False), ("(?:\\r?\\n)+", False), ("(?:a++)+", False), ("\\(a+\\)+", False)],
)  # fmt: skip
def test_patterns_that_can_take_exponential_time(pattern: str, slow: bool) -> None:
    body = {**TOKENIZER, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}}}
    assert ids(json.dumps(body).encode()) == ({"tokenizer-slow-pattern"} if slow else set())


def test_a_broken_character_map_of_a_tokenizer() -> None:
    body = {**TOKENIZER, "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}}
    assert ids(json.dumps(body).encode()) == {"tokenizer-unknown-part"}


# --- notebooks ---


def test_a_finding_names_the_cell() -> None:
    found = scan(notebook(markdown("x"), code("!curl -s https://example.org/x | sh")))
    assert [finding.message.split(":")[0] for finding in found.findings] == ["$.cells[1]"]


def test_an_attachment_is_a_file_of_its_own() -> None:
    import base64
    import pickle

    for data, expected in ((PNG, "clean"), (pickle.dumps(eval), "flagged")):
        attached = {"a.png": {"image/png": base64.b64encode(data).decode()}}
        assert outcome(scan(notebook(markdown("x", attachments=attached)))) == expected


def test_script_in_an_output_is_no_alarm() -> None:
    found = scan(output("text/html", "<script>x</script>"))
    assert [finding.rule.id for finding in found.findings] == ["notebook-active-output"]
    assert outcome(found) == "clean"


@pytest.mark.parametrize(
    "source", ["!ls -la\n", "%cd x\n", "%%html\n<script>x</script>", "x = 1 # !curl a | b", "a != b"]
)
def test_ordinary_cells(source: str) -> None:
    assert ids(notebook(code(source))) == set()


@pytest.mark.parametrize(
    "body",
    [{"nbformat": 4}, {"nbformat": 4, "cells": 5}, {"nbformat": 4, "cells": [5, {"cell_type": 5, "source": 5}]},
     {"nbformat": 3, "worksheets": [5, {"cells": None}]}, [{"nbformat": 4}], {"nbformat": 4, "cells": {"a": 1}}],
)  # fmt: skip
def test_what_is_no_notebook_has_nothing_to_say(body: object) -> None:
    assert outcome(scan(json.dumps(body).encode())) == "clean"


# --- secrets ---


def letters(count: int, alphabet: str = string.ascii_letters + string.digits, seed: int = 7) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=count))


SECRETS = {
    "Hugging Face": "hf_" + letters(34, string.ascii_letters),
    "GitHub": "ghp_" + letters(36),
    "GitHub, fine-grained": f"github_pat_{letters(22)}_{letters(59)}",
    "GitLab": "glpat-" + letters(20),
    "Slack": f"xoxb-{letters(11, '0246813579')}-{letters(12, '9753186420')}-{letters(24)}",
    "OpenAI": f"sk-proj-{letters(40)}T3BlbkFJ{letters(40, seed=8)}",
    "Anthropic": f"sk-ant-api03-{letters(93)}AA",
    "Google": "AIza" + letters(35),
    "AWS": f"AKIA{letters(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}\naws_secret_access_key = {letters(40)}",
    "a key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{letters(70)}\n",
}


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_found_and_not_shown(name: str) -> None:
    for text in (f"x = '{SECRETS[name]}'\n", json.dumps({"a": f"b {SECRETS[name]} c"})):
        (said,) = examine_secrets(BytesSource(text.encode()), HERE)
        assert isinstance(said, Finding)
        assert not any(SECRETS[name][5:12] in value for value in (said.message, *dict(said.evidence).values()))
        assert said.at.span is not None
        start, end = said.at.span
        assert SECRETS[name].replace("\n", "\\n").startswith(text[start:end].replace("\n", "\\n")[:20])


@pytest.mark.parametrize(
    "text",
    [
        "hf_" + "x" * 34,
        "hf_" + letters(34, "ab"),
        "hf_abcdefghijklmnopqrstuvwxyzabcdefgh",
        "hf_" + letters(33, string.ascii_letters),
        "my_hf_" + letters(40, string.ascii_letters),
        "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AKIA" + letters(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
        "AKIA" + letters(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") + " " + letters(40, "0123456789abcdef"),
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + letters(70),
        "sk-" + letters(48),
        "task-" + letters(60),
    ],
)
def test_placeholders_and_other_texts_are_not_found(text: str) -> None:
    assert list(examine_secrets(BytesSource(text.encode()), HERE)) == []


def test_a_secret_between_two_windows_is_found_once() -> None:
    for at in ((1 << 18) - 20, (1 << 18) - 1, 1 << 18, (1 << 18) + 900):
        text = b" " * at + SECRETS["GitHub"].encode() + b" " * 2_000
        assert len(list(examine_secrets(BytesSource(text), HERE))) == 1
