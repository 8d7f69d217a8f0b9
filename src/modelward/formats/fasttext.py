"""fastText models (.bin, .ftz): settings, a dictionary, and two matrices.

https://github.com/facebookresearch/fastText/blob/main/src/fasttext.cc (saveModel), dictionary.cc,
densematrix.cc, quantmatrix.cc, productquantizer.cc
"""

from __future__ import annotations

import re

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken, Cursor
from modelward.formats.gap import Gap

MAGIC = 793712314
_SETTINGS = 12 * 4 + 8
_WINDOW = 1 << 20
_LONGEST_WORD = 1 << 16
_MOST_WORDS = 1 << 24
_CENTROIDS = 256
# A word, how often it came, and whether it is a label
_WORD = re.compile(rb"[^\0]*+\0.{8}[\0\1]", re.DOTALL)


def read_fasttext(source: Source) -> Gap | None:
    """What keeps it from being a whole model. Raises nothing; the numbers are not read."""
    try:
        _check(Cursor(source, 4), source)
    except Broken as broken:
        return Gap(broken.why, broken.at, broken.cut_short)
    return None


def _check(cursor: Cursor, source: Source) -> None:
    if cursor.u32() not in (11, 12):
        raise Broken("a version that is not known here", 4)
    width = cursor.u32()
    cursor.skip(_SETTINGS - 4)
    at = cursor.at
    words, plain, labels = cursor.u32(), cursor.u32(), cursor.u32()
    cursor.skip(8)
    pruned = cursor.i64()
    if words != plain + labels or words > _MOST_WORDS:
        raise Broken("numbers of words that contradict each other", at)
    cursor.skip(_words_end(source, cursor.at, words) - cursor.at)
    cursor.skip(8 * max(pruned, 0))
    is_quantized = _flag(cursor)
    _matrix(cursor, width, quantized=is_quantized)
    _matrix(cursor, width, quantized=_flag(cursor) and is_quantized)
    if cursor.left:
        raise Broken("bytes behind the model", cursor.at)


def _words_end(source: Source, at: int, count: int) -> int:
    while count:
        window = source.read(at, _WINDOW)
        end = 0
        for word in _WORD.finditer(window):
            if word.start() != end or not count:
                break
            end = word.end()
            count -= 1
        if not end or (count and len(window) - end > _LONGEST_WORD):
            raise Broken("words that do not follow each other", at + end, at + len(window) >= source.size)
        at += end
    return at


def _flag(cursor: Cursor) -> bool:
    value = cursor.u8()
    if value > 1:
        raise Broken("neither true nor false", cursor.at - 1)
    return value == 1


def _matrix(cursor: Cursor, width: int, *, quantized: bool) -> None:
    has_norms = quantized and _flag(cursor)
    at, rows, columns = cursor.at, cursor.i64(), cursor.i64()
    if rows < 0 or columns != width:
        raise Broken("a matrix of another shape", at)
    if not quantized:
        cursor.skip(4 * rows * columns)
        return
    codes = cursor.u32()
    cursor.skip(codes)
    if codes != rows * _quantizer(cursor, columns):
        raise Broken("another number of codes than rows", at)
    if has_norms:
        cursor.skip(rows)
        _quantizer(cursor, 1)


def _quantizer(cursor: Cursor, width: int) -> int:
    """Into how many parts a row is cut."""
    at = cursor.at
    columns, parts, size, last = (cursor.u32() for _ in range(4))
    if columns != width or not parts or (parts - 1) * size + last != columns or not 0 < last <= size:
        raise Broken("parts that are not those of a row", at)
    cursor.skip(4 * columns * _CENTROIDS)
    return parts
