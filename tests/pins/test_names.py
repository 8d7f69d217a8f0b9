"""Names that pass for others, and those that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.pins.auto_map import foreign_code
from modelward.checks.pins.names import _known, look_alikes
from modelward.core.errors import Malformed
from modelward.core.look_alike import skeleton


def rules(name: str) -> list[str]:
    return [finding.rule.id for finding in look_alikes(name)]


@pytest.mark.parametrize(
    "name",
    ["meta-Ilama/x", "metallama/x", "meta_llama/x", "META-LLAMA/x", "llama-meta/x", "meta-llamma/x", "mtea-llama/x",
     "meta-lama/x", "rnicrosoft/phi-2", "goog1e/x", "nvidla/x", "mistra1ai/x", "opneai/x", "Qwenn/x", "face-book/x",
     "datasets/stanfordlp/imdb", "spaces/hugginface/x", "bert_base_uncased", "bert-base-uncasd", "bert-uncased-base"],
)  # fmt: skip
def test_a_look_alike(name: str) -> None:
    assert rules(name) == ["hub-name-look-alike"]


@pytest.mark.parametrize(
    "name", ["meta-llama-official/x", "openai-hf/x", "deepseek/x", "googleresearch/x", "the-mistralai/x", "nvidia-v2/x"]
)
def test_an_added_word(name: str) -> None:
    assert rules(name) == ["hub-name-added-word"]


@pytest.mark.parametrize(
    "name",
    ["Open-OSS/privacy-filter", "somebody/Llama-2-7b-hf", "somebody/llama_2_7b_hf", "somebody/openai-whisper-tuned"],
)
def test_a_borrowed_name(name: str) -> None:
    """The first: a look-alike of May 2026 with clean weights and a script that was not."""
    assert rules(name) == ["hub-name-borrowed"]


@pytest.mark.parametrize(
    "name",
    ["m\u0435ta-llama/x", "\uff4deta-llama/x", "meta\u2010llama/x", "org/mod\u200bel", "\xfcber/x"],
)
def test_no_hub_has_such_a_name(name: str) -> None:
    assert rules(name) == ["hub-name-homoglyph"]


def test_what_a_foreign_letter_is_read_as_is_said() -> None:
    [finding] = look_alikes("\u043epenai/whisper-tiny")
    assert finding.message == "'\u043epenai/whisper-tiny' is '\\u043epenai/whisper-tiny', which is read as 'openai'"


@pytest.mark.parametrize(
    "name",
    ["TheBloke/Llama-2-7b-hf", "unsloth/Qwen2.5-7B-Instruct", "somebody/my-model", "somebody/Qwen2.5-7B-finetuned",
     "Owen/x", "apples/x", "intex/x", "t5-4b", "somebody/bark", "stanford/x", "my-team/spam-filter", "gpt2"],
)  # fmt: skip
def test_an_ordinary_name(name: str) -> None:
    assert rules(name) == []


def test_no_well_known_name_is_found() -> None:
    known = _known()
    names = [f"{org}/{repo}" for repo, org in known.makers.items()]
    names += [f"{org}/something" for org in sorted(known.trusted)] + list(known.makers)
    assert len(known.orgs) >= 150 and len(known.makers) >= 300
    assert [name for name in names if rules(name)] == []


@given(st.text(max_size=40))
def test_any_text_is_judged(name: str) -> None:
    assert all(finding.message for finding in look_alikes(name))


@given(st.sampled_from(sorted(_known().orgs)), st.data())
def test_a_letter_that_looks_alike_is_noticed(org: str, data: st.DataObject) -> None:
    """Whatever reads the same is the known name itself or a finding."""
    swaps = {"l": "I", "i": "l", "o": "0", "m": "rn", "w": "vv"}
    places = [at for at, char in enumerate(org) if char in swaps]
    if places:
        at = data.draw(st.sampled_from(places))
        other = org[:at] + swaps[org[at]] + org[at + 1 :]
        assert skeleton(other) == skeleton(org)
        assert rules(f"{other}/x") == ["hub-name-look-alike"]


# --- code of other repositories ---


def test_code_of_another_repository_is_named_once() -> None:
    config = b"""
    {"auto_map": {"AutoModel": "other/repo--m.C", "AutoConfig": "own.C", "AutoTokenizer": ["a/b--t.T", null]},
    "text_config": {"auto_map": {"AutoModel": "other/repo--n.D"}}, "name": "x/y--z"}"""
    assert list(foreign_code(config)) == ["other/repo", "a/b"]


def test_a_key_that_stands_there_twice_is_seen_twice() -> None:
    assert list(foreign_code(b'{"auto_map": {"A": "a/b--m.C"}, "auto_map": {"A": "c/d--m.C"}}')) == ["a/b", "c/d"]


@pytest.mark.parametrize("config", [b"", b"{", b"\xff", b"[" * 100_000, b'{"auto_map": }'])
def test_what_is_no_json_is_refused(config: bytes) -> None:
    with pytest.raises(Malformed):
        list(foreign_code(config))
