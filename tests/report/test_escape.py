"""What is untrusted cannot steer a terminal, hide, or stand for something else."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from urllib.parse import unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st
from tests.report.hostile import dangerous, hostile_text

from modelward.core.canonical import escape_bytes, unescape_bytes
from modelward.report.escape import json_on_terminal, sound, visible
from modelward.report.names import shell_word, uri_path


def test_every_control_format_and_separator_character_is_escaped() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert dangerous(visible(everything)) == []


@given(hostile_text)
def test_visible_text_is_one_line_without_anything_to_obey(text: str) -> None:
    shown = visible(text)
    assert dangerous(shown) == []
    assert len(f"{shown}.".splitlines()) == 1
    assert visible(shown) == shown


def test_visible_text_stays_readable() -> None:
    assert visible("modèle 模型 🤗.bin") == "modèle 模型 🤗.bin"
    assert visible("a\nb\x1b[0m\u202e\U000e0041") == r"a\nb\x1b[0m\u202e\U000e0041"


@given(hostile_text)
def test_sound_text_can_be_carried_by_json(text: str) -> None:
    assert json.loads(json.dumps(sound(text)).encode()) == sound(text)
    sound(text).encode()


@given(hostile_text.map(sound))
def test_json_on_a_terminal_is_the_same_value(text: str) -> None:
    document = json.dumps({text: [text]}, ensure_ascii=False) + "\n"
    shown = json_on_terminal(document)
    assert json.loads(shown) == json.loads(document)
    assert dangerous(shown[:-1]) == []


@given(st.binary(max_size=12) | st.lists(st.sampled_from([b"\\", b"x41", b"\xff", b"a"])).map(b"".join))
def test_a_name_leads_back_to_its_bytes(raw: bytes) -> None:
    assert unescape_bytes(escape_bytes(raw)) == raw
    assert unquote_to_bytes(uri_path(escape_bytes(raw))) == raw


@given(st.binary(max_size=12))
def test_a_path_as_a_uri_is_ascii_and_has_no_scheme(raw: bytes) -> None:
    uri = uri_path(escape_bytes(raw))
    assert uri.isascii() and ":" not in uri and "?" not in uri and "#" not in uri and " " not in uri


@given(st.binary(max_size=12).filter(lambda raw: b"\0" not in raw))
def test_a_shell_word_is_one_visible_word(raw: bytes) -> None:
    word = shell_word(escape_bytes(raw))
    assert dangerous(word) == []
    assert word.startswith("$'") or len(shlex.split(word)) == 1


def test_bash_reads_a_shell_word_as_the_name() -> None:
    names = [b"plain", b"two words", b"it's", b"new\nline", b"\xff\x1b[0m", b"back\\slash", b"$(id)`id`", b"", b"a*b"]
    script = "printf '%s\\0' " + " ".join(shell_word(escape_bytes(name)) for name in names)
    shown = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout
    assert shown.split(b"\0")[:-1] == names


def test_a_name_that_looks_like_an_option_is_none() -> None:
    assert shell_word("--policy") == "./--policy"
