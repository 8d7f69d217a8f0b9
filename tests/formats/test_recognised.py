"""Models that are named by what they begin with, and values that only look like it."""

from __future__ import annotations

import random
import struct

import pytest

from modelward.checks.scan.examiners import EXAMINERS, NOT_READ
from modelward.formats import companions, recognised
from modelward.formats.sniff import sniff
from modelward.formats.source import BytesSource

FILES = {
    "ort": b"\x18\0\0\0ORTM" + bytes(64),
    "torch-mobile": b"\x18\0\0\0PTMF" + bytes(64),
    "catboost": b"CBM1" + struct.pack("<I", 40) + bytes(40),
    "xgboost": b"binf" + struct.pack("<fII", 0.5, 3, 0) + bytes(120) + b"\x10",
    "r-data": b"X\n\0\0\0\3\0\4\3\1",
    "mxnet": b"\x12\x01" + bytes(14) + struct.pack("<Q", 1) + bytes(40),
    "cntk": "BCN\0".encode("utf-16-le") + bytes(9),
    "rknn": b"RKNN" + bytes(20),
    "ncnn": struct.pack("<III", 7767517, 4, 5) + bytes(40),
    "matlab": b"MATLAB 5.0 MAT-file, made".ljust(124, b" ") + b"\0\1IM" + bytes(8),
    "ocdbt": b"\x0c\xdb\x3a\x2a" + struct.pack("<Q", 40) + bytes(28),
    "coreml": struct.pack("<II", 1, 2) + bytes(56) + b"\xef\xbe\xad\xde" + bytes(60),
    "mecab": struct.pack("<II", 100 ^ 0xEF718F77, 102) + bytes(92),
    "sudachi": b"SudachiBinaryDic" + bytes(20),
    "openfst": b"\xd6\xfd\xb2\x7e\6\0\0\0vector\x08\0\0\0",
    "word2vec": b"2 3\n</s> " + struct.pack("<3f", 1.5, 2.5, 3.5) + b"\na " + bytes(12) + b"\n",
    "kenlm": b"mmap lm http://kheafield.com/code format version 5\n\0" + bytes(20),
    "udpipe": b"\x12morphodita_parsito\3\0" + bytes(20),
    "font": b"\0\1\0\0\0\x0a\0\x80\0\3\0\x20GDEF" + bytes(20),
    "picovoice": b"porcupine4.0.0\x9a\2\0\0" + bytes(20),
    "ds-store": b"\0\0\0\1Bud1\0\0\x10\0" + bytes(20),
    "debug-symbols": b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0\0\x10\0\0",
    "java-objects": b"\xac\xed\0\5",
    "paddle": bytes(16) + struct.pack("<I", 6) + b"\x08\x05\x10\x02\x10\x03" + bytes(24),
}


@pytest.mark.parametrize("name", FILES)
def test_recognised(name: str) -> None:
    assert sniff(BytesSource(FILES[name])) == (name,)


@pytest.mark.parametrize("start", [b"RDX3\nX\n\0\0\0\3\0\4", b"RDA2\nA\n2\n262657\n131840\n", b"B\n\3\0\0\0\0"])
def test_other_files_of_r(start: bytes) -> None:
    assert "r-data" in sniff(BytesSource(start + b"1\n"))


def test_every_name_has_an_examiner_or_a_description() -> None:
    shapes = (*recognised.SHAPES, *companions.SHAPES)
    assert [name for name, _ in shapes if name not in EXAMINERS and name not in NOT_READ] == []


def test_a_mark_alone_is_not_enough() -> None:
    for start in (
        b"lCRF",
        b"\xba\x16\x4f\x2f",
        b"wOFF",
        b"\xac\xed\0\5",
        b"CBM1",
        b"binf",
        b"\x18\0\0\0ORTM",
        b"\x12\x01" + bytes(14),
        b"\x0c\xdb\x3a\x2a",
    ):
        assert sniff(BytesSource(start + b"\x80" * 40)) == ("unknown",)


def test_random_numbers_are_nothing() -> None:
    chance = random.Random(7)
    for _ in range(2_000):
        data = bytes([chance.choice(b"\x81\xde{\x12X\0")]) + chance.randbytes(200)
        found = sniff(BytesSource(data))
        assert not {name for name, _ in (*recognised.SHAPES, *companions.SHAPES)} & set(found)


def test_floats_are_nothing() -> None:
    chance = random.Random(7)
    for _ in range(300):
        data = struct.pack("<64f", *(chance.gauss(0, 1) for _ in range(64)))
        assert not {name for name, _ in recognised.SHAPES} & set(sniff(BytesSource(data)))


@pytest.mark.parametrize(
    "text", ["2 3\nword 0.5 0.25 1.5\nother 1 2 3\n", "rhino4.1.0 is out", "icns and wOFF are formats"]
)
def test_texts_that_begin_like_them(text: str) -> None:
    assert sniff(BytesSource(text.encode())) == ("text",)


def test_pictures_have_their_structure() -> None:
    entries = struct.pack("<HHII", 256, 3, 1, 1) + struct.pack("<HHII", 257, 3, 1, 1)
    tiff = b"II*\0" + struct.pack("<IH", 8, 2) + entries + bytes(4)
    assert sniff(BytesSource(tiff)) == ("image",)
    assert sniff(BytesSource(b"icns" + struct.pack(">I", 32) + bytes(24))) == ("image",)
    for broken in (tiff[:12], tiff[:4] + b"\xff\xff\xff\x7f" + tiff[8:], b"II*\0" + bytes(40)):
        assert sniff(BytesSource(broken)) == ("unknown",)
