"""The formats before GGUF: a magic, the settings of one architecture, a vocabulary, and tensors to the end.

Nothing in the file says which architecture it is, so each known layout is tried; it is the right
one when its last tensor ends with the file. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
(section Historical State of Affairs), https://github.com/ggml-org/whisper.cpp/blob/master/src/whisper.cpp
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.cursor import Broken, Cursor
from modelward.formats.ggml_types import BLOCKS

_MOST_TOKENS = 1_000_000
_LONGEST_TEXT = 1 << 16

# Blocks had scales of 32 bits once, and two kinds were dropped
_OLD_BLOCKS = {**BLOCKS, 2: (32, 20), 3: (32, 24), 4: (16, 10), 5: (16, 12), 8: (32, 36)}


@dataclass(frozen=True, slots=True)
class _Layout:
    magic: bytes
    settings: int
    """32-bit numbers behind the magic."""
    filters: bool = False
    """Whisper's mel filters: two numbers, and as many floats as their product."""
    counted: bool = False
    """The vocabulary has a count of its own; else it is the setting at *vocabulary*."""
    vocabulary: int | None = 0
    scores: bool = False
    aligned: bool = False


_LAYOUTS = (
    _Layout(b"lmgg", 11, filters=True, counted=True),  # whisper
    _Layout(b"lmgg", 7),  # llama
    *(_Layout(b"lmgg", settings, counted=True) for settings in (6, 7, 8)),  # GPT-2, GPT-J, GPT-NeoX
    _Layout(b"fmgg", 8, vocabulary=1, scores=True),
    _Layout(b"tjgg", 8, vocabulary=1, scores=True, aligned=True),
    _Layout(b"algg", 3, vocabulary=None, aligned=True),  # an adapter
)
_VOICES = _Layout(b"lmgg", 0, vocabulary=None)
_LONGEST_NAME = 64
_MOST_LAYERS = 64


def is_whole(source: Source, limits: Limits) -> bool:
    """Whether the file is tensors of a known layout to its very end. Their numbers are not read."""
    magic = source.read(0, 4)
    return any(_fits(source, layout, limits) for layout in _LAYOUTS if layout.magic == magic) or (
        magic == _VOICES.magic and _is_voice_detector(source, limits)
    )


def _fits(source: Source, layout: _Layout, limits: Limits) -> bool:
    try:
        tensors_at = _vocabulary_end(Cursor(source, len(layout.magic)), layout)
    except Broken:
        return False
    return any(_tensors(Cursor(source, tensors_at), layout, blocks, limits) for blocks in (BLOCKS, _OLD_BLOCKS))


def _is_voice_detector(source: Source, limits: Limits) -> bool:
    """Silero's, as whisper.cpp keeps it (whisper_vad_init_with_params): its name and version, the sizes
    of a window and what goes before it, three sizes for each layer, and four of the last ones."""
    cursor = Cursor(source, len(_VOICES.magic))
    try:
        if not cursor.take(min(cursor.u32(), _LONGEST_NAME)).startswith(b"silero"):
            return False
        cursor.skip(5 * 4)
        cursor.skip(12 * min(cursor.u32(), _MOST_LAYERS) + 16)
    except Broken:
        return False
    return _tensors(cursor, _VOICES, BLOCKS, limits)


def _vocabulary_end(cursor: Cursor, layout: _Layout) -> int:
    settings = [cursor.u32() for _ in range(layout.settings)]
    if layout.filters:
        cursor.skip(4 * cursor.u32() * cursor.u32())
    if layout.vocabulary is None:
        return cursor.at
    count = cursor.u32() if layout.counted else settings[layout.vocabulary]
    if count > _MOST_TOKENS:
        raise Broken("no vocabulary has so many tokens", cursor.at)
    for _ in range(count):
        length = cursor.u32()
        if length > _LONGEST_TEXT:
            raise Broken("no token is so long", cursor.at)
        cursor.skip(length + 4 * layout.scores)
    return cursor.at


def _tensors(cursor: Cursor, layout: _Layout, blocks: Mapping[int, tuple[int, int]], limits: Limits) -> bool:
    try:
        for _ in range(limits.entries):
            if not cursor.left:
                return True
            _tensor(cursor, layout, blocks)
    except Broken:
        return False
    return False


def _tensor(cursor: Cursor, layout: _Layout, blocks: Mapping[int, tuple[int, int]]) -> None:
    count, length, kind = cursor.u32(), cursor.u32(), cursor.u32()
    if count > 4 or not 0 < length <= 256 or kind not in blocks:
        raise Broken("not the head of a tensor", cursor.at)
    dims = [cursor.u32() for _ in range(count)] or [1]
    if not cursor.take(length).isascii():
        raise Broken("not the name of a tensor", cursor.at)
    if layout.aligned:
        cursor.skip(-cursor.at % 32)
    elements, size = blocks[kind]
    if dims[0] % elements:
        raise Broken("rows that are no whole blocks", cursor.at)
    cursor.skip(prod(dims) // elements * size)
