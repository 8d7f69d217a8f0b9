"""SentencePiece models are walked to their end, whatever they say."""

from __future__ import annotations

import random

import pytest
from tests.corpus.formats.sentencepiece import PIECES, TRAINER, WORDS, charsmap, model, piece
from tests.corpus.protobuf import message

from modelward.formats.sentencepiece import charsmap_problem, is_model, read_sentencepiece
from modelward.formats.sniff import sniff
from modelward.formats.source import BytesSource

WHOLE = model(charsmap(offset=1, text=2))


def test_a_model_is_recognised_and_has_nothing_odd() -> None:
    assert sniff(BytesSource(WHOLE)) == ("sentencepiece",)
    found = read_sentencepiece(BytesSource(WHOLE))
    assert found.pieces == 44
    assert found.long_pieces == found.tables == found.unknown == ()


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n", b"\n\0", message((1, message((1, "a"), (2, "b")))), message((1, "text")), b"\n\xff\xff\xff\xff\x7f",
     message((2, message((1, "a")))), b"\nplain text with a line end before it"],
)  # fmt: skip
def test_what_does_not_begin_with_a_piece_is_no_model(raw: bytes) -> None:
    assert not is_model(BytesSource(raw).read, len(raw))


def test_every_cut_says_that_something_is_missing() -> None:
    for size in range(20, len(WHOLE) - 2):
        found = read_sentencepiece(BytesSource(WHOLE[:size]))
        assert found.unknown or found.tables, size


def test_damage_ends_in_a_result() -> None:
    chance = random.Random(1)
    for _ in range(300):
        at = chance.randrange(len(WHOLE))
        damaged = WHOLE[:at] + bytes([chance.randrange(256)]) + WHOLE[at + 1 :]
        read_sentencepiece(BytesSource(damaged))


def test_unknown_fields_are_told() -> None:
    for extra in (message((9, "x")), message((1, 5)), message((3, message((9, "x")))), message((3, message((2, 5))))):
        assert read_sentencepiece(BytesSource(PIECES + WORDS + TRAINER + message((3, "")) + extra)).unknown


def test_many_odd_parts_are_not_listed_without_end() -> None:
    found = read_sentencepiece(BytesSource(PIECES + piece("a" * 20_000) * 300))
    assert len(found.long_pieces) == 101
    assert found.unknown


# --- character maps: https://github.com/google/sentencepiece/issues/1269 ---


@pytest.mark.parametrize("table", [b"", charsmap(offset=1), charsmap(offset=255, text=3)])
def test_sound_character_maps(table: bytes) -> None:
    assert charsmap_problem(table) == ""


@pytest.mark.parametrize(
    "table",
    [
        b"\1",
        b"\4\0\0\0abcd",
        charsmap(size=0),
        charsmap(size=1022),
        charsmap(size=1 << 31),
        charsmap(offset=256),
        charsmap(offset=(1 << 21) - 1),
        charsmap(offset=1, text=4),
        charsmap(offset=1, end=b"x"),
    ],
)
def test_character_maps_that_lead_outside(table: bytes) -> None:
    assert charsmap_problem(table)
