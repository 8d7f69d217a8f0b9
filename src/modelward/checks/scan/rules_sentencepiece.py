"""SentencePiece models: tables that lead the library out of its memory."""

from __future__ import annotations

from collections.abc import Iterator

from modelward.checks.scan.here import Here, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.sentencepiece import read_sentencepiece

_DO = "Do not use this tokenizer; get it again from its publisher, or train it again."
_LIBRARY = "https://github.com/google/sentencepiece/issues/"

CHARACTER_MAP = Rule(
    "sentencepiece-character-map",
    Severity.HIGH,
    "a character map points outside itself",
    "The library follows its offsets without a check and reads memory that is not part of the model.",
    _DO,
    ("CWE-125", "CVE-2026-1260", _LIBRARY + "1269"),
)
LONG_PIECE = Rule(
    "sentencepiece-long-piece",
    Severity.MEDIUM,
    "a piece of the vocabulary is longer than any text needs",
    "Versions of the library use stack memory for every byte of a piece, and crash when the model is loaded.",
    _DO,
    ("CWE-674", "CWE-770", _LIBRARY + "1263"),
)


def examine_sentencepiece(source: Source, here: Here) -> Iterator[Said]:
    """Says where a reader would be led astray, and what the format does not have."""
    model = read_sentencepiece(source)
    for rule, parts in ((LONG_PIECE, model.long_pieces), (CHARACTER_MAP, model.tables)):
        for part in parts:
            yield here.finding(rule, part.message, part.start, part.end)
    for part in model.unknown:
        yield here.unexamined(f"a SentencePiece model: {part.message}", part.start, part.end)


RULES: tuple[Rule, ...] = (CHARACTER_MAP, LONG_PIECE)
