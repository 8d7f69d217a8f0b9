"""tokenizer.json, as the tokenizers library reads it: parts that it does not have, patterns that hang."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

from modelward.checks.scan.here import Here, Said
from modelward.core.finding import Rule, Severity
from modelward.formats.json_tree import Object, Value, objects
from modelward.formats.sentencepiece import charsmap_problem

_LIBRARY = "https://huggingface.co/docs/tokenizers/components"

UNKNOWN_PART = Rule(
    "tokenizer-unknown-part",
    Severity.LOW,
    "the tokenizer has a part that the library does not have, or a broken one",
    "The library refuses it. Another program that reads the file does with it what it likes.",
    "Ask whoever published the tokenizer which program it is for.",
    ("CWE-20", _LIBRARY),
)
SLOW_PATTERN = Rule(
    "tokenizer-slow-pattern",
    Severity.LOW,
    "a pattern of the tokenizer can take exponential time",
    "A repetition inside a repetition makes some short texts take longer than anybody waits.",
    "Compare the pattern with that of the original tokenizer.",
    ("CWE-1333", _LIBRARY),
)

_PARTS: Mapping[str, frozenset[str]] = {
    key: frozenset(names.split())
    for key, names in (
        ("model", "BPE Unigram WordLevel WordPiece"),
        (
            "normalizer",
            "BertNormalizer ByteLevel Lowercase NFC NFD NFKC NFKD Nmt Precompiled Prepend Replace Sequence Strip"
            " StripAccents",
        ),
        (
            "pre_tokenizer",
            "BertPreTokenizer ByteLevel CharDelimiterSplit Delimiter Digits FixedLength Metaspace Punctuation Sequence"
            " Split UnicodeScripts Whitespace WhitespaceSplit",
        ),
        ("post_processor", "BertProcessing ByteLevel RobertaProcessing Sequence TemplateProcessing"),
        ("decoder", "BPEDecoder ByteFallback ByteLevel CTC Fuse Metaspace Replace Sequence Strip WordPiece"),
    )
}
# A group with an unbounded repetition inside that is repeated itself; possessive ones do not try again
_NESTED = re.compile(
    r"\((?:\?[a-z-]{0,9}:)?(?:[^()\\]|\\.){0,200}?(?<![+*?])[+*](?!\+)(?:[^()\\]|\\.){0,200}?\)(?:[+*](?!\+)|\{\d*,\})"
)


def judge_tokenizer(body: Value, here: Here) -> Iterator[Said]:
    """A document without a model and its vocabulary is none of its business."""
    if not isinstance(body, Object) or not {"model", "added_tokens"} <= body.keys():
        return
    for key, known in _PARTS.items():
        for part in body.all(key):
            for path, item in objects(part, f"$.{key}"):
                yield from _judge_part(item, known, here, path)


def _judge_part(item: Object, known: frozenset[str], here: Here, path: str) -> Iterator[Said]:
    for key, value in item:
        if key == "type" and isinstance(value, str) and value not in known:
            yield here.finding(UNKNOWN_PART, f"{path} is of type {value!r}")
        elif key == "precompiled_charsmap" and isinstance(value, str) and (problem := _table_problem(value)):
            yield here.finding(UNKNOWN_PART, f"{path}: {problem}")
        elif key == "Regex" and isinstance(value, str) and (found := _NESTED.search(value)):
            yield here.finding(SLOW_PATTERN, f"{path} repeats {found[0][:100]!r}")


def _table_problem(text: str) -> str:
    try:
        return charsmap_problem(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return "a character map that is no base64"


RULES: tuple[Rule, ...] = (UNKNOWN_PART, SLOW_PATTERN)
