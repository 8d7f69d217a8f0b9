"""JSON documents: what kind of document one is shows in the words that it uses as keys, or in a
sign that stands somewhere in its text.

A new kind is one line of KINDS. A document is parsed only if it has a word or the sign of some kind.
A large one is read as formats/json_stream.py says: its vocabulary never becomes objects here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.core.finding import Unexamined
from modelward.formats.json_stream import read
from modelward.formats.json_text import cut_off
from modelward.formats.json_tree import LARGEST, Followed, NotJson, Value, parse

Judge = Callable[[Value, Here], Iterator[Said]]


@dataclass(frozen=True, slots=True)
class Kind:
    words: tuple[str, ...]
    """Keys; a document without any of them has nothing for *judge*."""
    judge: Judge
    sign: re.Pattern[bytes] | None = None
    """For what can stand under any key: what its text then holds. Matches at most _OVERLAP bytes."""


def _keras(body: Value, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.keras.rules_keras import judge_keras

    return judge_keras(body, here)


def _jinja(body: Value, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.jinja.places import judge_document

    return judge_document(body, here)


def _hydra(body: Value, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_hydra import judge_document

    return judge_document(body, here)


def _onnx(body: Value, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.onnx.text_forms import judge_document

    return judge_document(body, here)


def _notebook(body: Value, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.python.rules_notebook import judge_notebook

    return judge_notebook(body, here)


def _hugging_face(body: Value, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_hugging_face import judge_hugging_face

    return judge_hugging_face(body, here)


def _mlflow(body: Value, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_mlflow import judge_document

    return judge_document(body, here)


def _commands(body: Value, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.rules_executable import judge_commands

    return judge_commands(body, here)


def _tokenizer(body: Value, here: Here) -> Iterator[Said]:
    from modelward.checks.scan.texts.rules_tokenizer import judge_tokenizer

    return judge_tokenizer(body, here)


KINDS: tuple[Kind, ...] = (
    Kind(("_target_", "class_path"), _hydra, re.compile(rb'"(?:os|posix|subprocess|builtins|pty|runpy)\.\w{1,30}"')),
    Kind(("loader_module",), _mlflow),
    Kind(
        (
            *("preinstall", "install", "postinstall", "prepare", "command", "initializeCommand", "onCreateCommand"),
            *("updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand"),
        ),
        _commands,
    ),
    Kind(("class_name",), _keras),
    Kind(("chat_template",), _jinja, re.compile(rb"\{[{%]")),
    Kind(("nbformat",), _notebook),
    Kind(("opType", "op_type", "externalData", "external_data"), _onnx),
    Kind(
        (
            "_attn_implementation_internal",
            "_attn_implementation",
            "attn_implementation",
            "_experts_implementation_internal",
            "experts_implementation",
            "trust_remote_code",
            "parent_library",
            "_class_name",
            "activation_function",
            "activation_fn",
            "pretrained_cfg",
            "hf_hub_url",
            "_name_or_path",
            "name_or_path",
            "base_model_name_or_path",
            "pretrained_model_name_or_path",
            "tokenizer_name_or_path",
            "vocab_file",
            "tokenizer_file",
        ),
        _hugging_face,
        # modules.json of sentence-transformers
        re.compile(rb'"type"\s*+(?:\Z|:\s*+(?:\Z|"\w{1,99}\.))'),
    ),
    Kind(("pre_tokenizer", "normalizer", "post_processor"), _tokenizer),
)

_WINDOW = 1 << 18
_OVERLAP = 1 << 10


def examine_json(source: Source, here: Here) -> Iterator[Said]:
    """Everything that the kinds say of the document."""
    kinds = _kinds_of(source)
    if not kinds:
        return
    try:
        body = parse(source.read(0, source.size)) if source.size <= LARGEST else read(source)
    except NotJson as error:
        yield here.unexamined(f"a document that can name code: {error}")
        if not isinstance(error, Followed):
            return
        body = error.body
    for kind in kinds:
        yield from kind.judge(body, here)


def examine_json_like(source: Source, here: Here) -> Iterator[Said]:
    """A text that begins like JSON. What no strict JSON is may be JSON to Python (NaN, repeated keys,
    any depth), and what ends too early may have said anything; but braces begin other texts too."""
    words, signed = _seen_in(source)
    if words:
        yield from examine_json(source, here)
    elif cut_off(source):
        yield here.unexamined("a JSON document that is cut off", do="Download it again and compare its sha256.")
    elif signed:
        said = list(examine_json(source, here))
        # a template has the signs too, and is no JSON to anyone
        if not all(map(_is_no_json, said)):
            yield from said


def _is_no_json(said: Said) -> bool:
    return isinstance(said, Unexamined) and said.why.endswith((": not JSON", ": something follows the document"))


# In a JSON string any letter may be an escape
_ESCAPE = re.compile(rb"\\u00([2-7][0-9a-fA-F])")


def _kinds_of(source: Source) -> list[Kind]:
    words, signed = _seen_in(source)
    return [kind for kind in KINDS if kind in signed or not words.isdisjoint(kind.words)]


def _seen_in(source: Source) -> tuple[set[str], set[Kind]]:
    """The words of any kind that stand there as keys, and the kinds whose sign is there."""
    known = "|".join(re.escape(word) for kind in KINDS for word in kind.words)
    # any white space may follow a key, more of it than there is in a window
    keys = re.compile(rf'"({known})"\s*+(?::|\Z)'.encode())
    quoted = [f'"{word}"'.encode() for kind in KINDS for word in kind.words]
    words: set[str] = set()
    signed: set[Kind] = set()
    at = 0
    while window := source.read(at, _WINDOW + _OVERLAP):
        if _ESCAPE.search(window):
            window = _ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), window)
        if any(word in window for word in quoted):  # far faster than the expression, and there in few windows
            words.update(key[1].decode() for key in keys.finditer(window))
        signed.update(kind for kind in KINDS if kind.sign and kind not in signed and kind.sign.search(window))
        at += _WINDOW
    return words, signed
