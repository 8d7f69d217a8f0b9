"""Signatures of files that lie beside models: dictionaries, language models, fonts, debris. See recognised.py."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelward.formats.magic import View


def _is_java(view: View) -> bool:
    """Its magic and version, and the mark of what follows, which may be cut off.
    https://docs.oracle.com/en/java/javase/21/docs/specs/serialization/protocol.html"""
    return view.head[:4] == b"\xac\xed\0\x05" and (view.size == 4 or 0x70 <= view.head[4] <= 0x7E)


def _is_crfsuite(view: View) -> bool:
    """https://github.com/chokkan/crfsuite/blob/master/lib/crf/src/crf1d_model.c"""
    return view.head[:4] == b"lCRF" and view.head[8:12] == b"FOMC"


def _is_fasttext(view: View) -> bool:
    """https://github.com/facebookresearch/fastText/blob/main/src/fasttext.cc"""
    return view.head[:4] == b"\xba\x16\x4f\x2f" and view.head[5:8] == bytes(3) and 0 < view.head[4] < 32


def _is_mecab(view: View) -> bool:
    """A dictionary, whose magic number is made of its size; the costs of connections; the classes of
    characters. https://github.com/taku910/mecab/tree/master/mecab/src (dictionary.cpp, connector.cpp,
    char_property.cpp)"""
    if len(view.head) < 8:
        return False
    magic, version = map(int, struct.unpack_from("<II", view.head))
    if magic ^ 0xEF718F77 == view.size:
        return version < 1000
    left, right = map(int, struct.unpack_from("<HH", view.head))
    if left and right and view.size == 4 + 2 * left * right > 1000:
        return True
    return 0 < magic < 64 and view.size == 4 + 32 * magic + 4 * 0xFFFF and view.head[4:11] == b"DEFAULT"


_SUDACHI = frozenset(
    number.to_bytes(8, "little")
    for number in (0x7366D3F18BD111E7, 0xCE9F011A92394434, 0xA50F31188BD211E7, 0x9FDEB5A90168D868, 0xCA9811756FF64FB0)
)


def _is_sudachi(view: View) -> bool:
    """https://github.com/WorksApplications/Sudachi, whose older dictionaries begin with a number of their kind."""
    return view.head[:15] == b"SudachiBinaryDi" or view.head[:8] in _SUDACHI


def _is_openfst(view: View) -> bool:
    """The number of the format, and the name of a kind of automaton.
    https://www.openfst.org/twiki/bin/view/FST/FstAdvancedUsage"""
    return re.match(rb"\xd6\xfd\xb2\x7e([\x01-\x3f])\0\0\0[a-z_0-9]+", view.head) is not None


# A count, a width, and a word in front of its numbers: https://code.google.com/archive/p/word2vec/
_WORD2VEC = re.compile(rb"(\d{1,9}) (\d{1,5})\n([^\0-\x20]{1,200}) ")


def _is_word2vec(view: View) -> bool:
    found = _WORD2VEC.match(view.head)
    if found is None:
        return False
    count, width = int(found[1]), int(found[2])
    return 0 < count * (4 * width + 2) <= view.size


_FONT = re.compile(rb"(?:\x00\x01\x00\x00|OTTO|true)\0([\x04-\x40])..\0[\0-\x0a].{2}[A-Z][A-Za-z0-9/ ]{3}", re.DOTALL)


def _is_font(view: View) -> bool:
    """TrueType, OpenType, their collections, and the two of the web, which tell their length.
    https://learn.microsoft.com/en-us/typography/opentype/spec/otff"""
    if view.head[:4] in (b"wOFF", b"wOF2"):
        return int.from_bytes(view.head[8:12], "big") == view.size
    return view.head[:8] in (b"ttcf\0\1\0\0", b"ttcf\0\2\0\0") or _FONT.match(view.head) is not None


_PICOVOICE = re.compile(rb"(?:porcupine|rhino|leopard|cheetah|cobra|koala|eagle|falcon|octopus|orca)\d\.\d\.\d")


def _is_picovoice(view: View) -> bool:
    return _PICOVOICE.match(view.head) is not None


def _starts_with(*marks: bytes) -> Callable[[View], bool]:
    return lambda view: view.head.startswith(marks)


SHAPES: tuple[tuple[str, Callable[[View], bool]], ...] = (
    ("java-objects", _is_java),
    ("crfsuite", _is_crfsuite),
    ("fasttext", _is_fasttext),
    ("mecab", _is_mecab),
    ("sudachi", _is_sudachi),
    ("openfst", _is_openfst),
    ("word2vec", _is_word2vec),
    # https://github.com/kpu/kenlm/blob/master/lm/binary_format.cc
    ("kenlm", _starts_with(b"mmap lm http://kheafield.com/code format version ")),
    # https://ufal.mff.cuni.cz/udpipe/1
    ("udpipe", _starts_with(b"\x12morphodita_parsito")),
    ("font", _is_font),
    ("picovoice", _is_picovoice),
    ("ds-store", _starts_with(b"\0\0\0\1Bud1")),
    ("debug-symbols", _starts_with(b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0")),
)
