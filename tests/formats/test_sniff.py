"""Content decides, every plausible reading is named, and raw numbers are not mistaken for files."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.formats.sniff import looks_like_pickle_text, short_token, sniff
from modelward.formats.source import Budget, BytesSource, Stream


def readings(data: bytes) -> tuple[str, ...]:
    return sniff(BytesSource(data))


def as_stream(data: bytes) -> Stream:
    def produce() -> Iterator[bytes]:
        for at in range(0, len(data), 100_000):
            yield data[at : at + 100_000]

    return Stream(produce, Budget(1 << 40))


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def tarred(format: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        info = tarfile.TarInfo("pickle")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    return buffer.getvalue()


def old_tar(name: bytes, signed: bool = False) -> bytes:
    """A header of the V7 format: no magic."""
    block = bytearray(name.ljust(100, b"\0") + b"0000644\0" * 3 + b"00000000003\0" * 2).ljust(512, b"\0")
    block[148:156] = b" " * 8
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in block)
    block[148:156] = b"%06o\0 " % total
    return bytes(block) + b"abc".ljust(512, b"\0") + bytes(1024)


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes((number,))


def proto(*fields: tuple[int, int | bytes]) -> bytes:
    """A protobuf message from (number, varint or bytes)."""
    message = b""
    for number, value in fields:
        if isinstance(value, int):
            message += varint(number << 3) + varint(value)
        else:
            message += varint(number << 3 | 2) + varint(len(value)) + value
    return message


GRAPH = proto((1, proto((1, b"x"), (2, b"y"), (4, b"Relu"))), (2, b"main"))
ONNX = proto((1, 8), (2, b"pytorch"), (3, b"2.0"), (7, GRAPH), (8, proto((1, b""), (2, 17))))
NODE = proto((1, b"input"), (2, b"Placeholder"))
SAVED_MODEL = proto((1, 1), (2, proto((1, proto((5, b"2.13"))), (2, proto((1, NODE))))))
COREML = proto((1, 4), (2, proto((1, b"in"))), (500, proto((1, b"layer"))))
PADDLE = proto((1, proto((1, 0), (2, (1 << 64) - 1), (3, b"var"))), (4, proto((1, 0))))
SAFETENSORS_HEADER = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
SAFETENSORS = struct.pack("<Q", len(SAFETENSORS_HEADER)) + SAFETENSORS_HEADER + b"\1"
NPY = b"\x93NUMPY\1\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }".ljust(128) + bytes(8)
BMP = b"BM" + struct.pack("<IIIIiiHH", 58, 0, 54, 40, 1, 1, 1, 24) + bytes(28)
ICO = b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, 8, 22) + bytes(8)
PE = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + bytes(20)
CONTENT = b"some content, some content, some content" * 9

SAMPLES: list[tuple[str, bytes]] = [
    ("empty", b""),
    ("pickle", pickle.dumps([1, 2], 2)),
    ("pickle", pickle.dumps([1, 2], 5)),
    ("zip", zipped(("a", b"b"))),
    ("zip", zipped()),
    ("zip", b"PK\7\x08PK\3\4"),
    ("tar", tarred(tarfile.USTAR_FORMAT)),
    ("tar", tarred(tarfile.GNU_FORMAT)),
    ("tar", tarred(tarfile.PAX_FORMAT)),
    ("tar", old_tar(b"\xe9t\xe9")),
    ("tar", old_tar(b"\xe9t\xe9", signed=True)),
    ("gzip", gzip.compress(CONTENT)),
    ("bz2", bz2.compress(CONTENT)),
    ("bz2", bz2.compress(b"")),
    ("xz", lzma.compress(CONTENT)),
    ("lzma", lzma.compress(CONTENT, lzma.FORMAT_ALONE)),
    *(("zlib", zlib.compress(CONTENT, level)) for level in (0, 1, 6, 9)),
    ("zlib", zlib.compress(b"a")),
    ("zlib", zlib.compress(bytes(random.Random(0).randbytes(300)))[:200]),
    ("zfile", b"ZF" + f"{len(CONTENT):#x}".ljust(19).encode() + zlib.compress(CONTENT)),
    ("zfile", b"ZF" + f"{len(CONTENT):#x}".ljust(20).encode() + zlib.compress(CONTENT)),
    ("lz4", b"\x04\x22\x4d\x18\x64\x40\xa7"),
    ("zstd", b"\x28\xb5\x2f\xfd\x20\0"),
    ("zstd", b"\x50\x2a\x4d\x18\4\0\0\0user"),
    ("7z", b"7z\xbc\xaf\x27\x1c\0\4"),
    ("rar", b"Rar!\x1a\7\1\0"),
    ("safetensors", SAFETENSORS),
    ("safetensors", struct.pack("<Q", 2) + b"{}"),
    ("safetensors", struct.pack("<Q", 12) + b"  {}        "),
    ("npy", NPY),
    ("onnx", ONNX),
    ("onnx", ONNX[:30]),
    ("tensorflow", SAVED_MODEL),
    ("tensorflow", proto((1, NODE), (1, NODE), (4, proto((1, 21))))),
    ("tensorflow-checkpoint", bytes(40) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"),
    ("coreml", COREML),
    ("paddle", PADDLE),
    ("gguf", b"GGUF\3\0\0\0" + bytes(16)),
    ("ggml", b"tjgg\1\0\0\0"),
    ("hdf5", b"\x89HDF\r\n\x1a\n" + bytes(40)),
    ("tflite", b"\x1c\0\0\0TFL3" + bytes(20)),
    ("parquet", b"PAR1\x15\4\x15"),
    ("arrow", b"ARROW1\0\0\xff\xff"),
    ("sqlite", b"SQLite format 3\0\x10\0"),
    ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("elf", b"\x7fELF\2\1\1" + bytes(20)),
    ("pe", PE),
    ("macho", b"\xcf\xfa\xed\xfe\7\0\0\1"),
    ("macho", b"\xca\xfe\xba\xbe\0\0\0\2"),
    ("java-class", b"\xca\xfe\xba\xbe\0\0\0\x41"),
    ("wasm", b"\0asm\1\0\0\0"),
    ("image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    ("image", b"\xff\xd8\xff\xe0\0\x10JFIF"),
    ("image", b"GIF89a\1\0\1\0\x80" + bytes(9) + b";"),
    ("image", b"RIFF\x1a\0\0\0WEBPVP8L"),
    ("image", BMP),
    ("image", ICO),
    ("audio", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"),
    ("json", b'{"model_type": "bert", "layers": [1, 2.5e3, null]}\n'),
    ("text", b"# A model\r\n\r\nIt is good.\t\x1b[1mVery\x1b[0m.\n"),
    ("text", "caf\u00e9".encode()),
    ("text", b"\xef\xbb\xbfwith a mark"),
    ("text", "caf\u00e9\n".encode("utf-16")),
    ("unknown", b"\0\1\2\3"),
    ("unknown", "caf\u00e9".encode("latin-1")),
    ("unknown", "a\0b".encode("utf-16")),
]


@pytest.mark.parametrize(("name", "data"), SAMPLES, ids=[f"{i}-{name}" for i, (name, _) in enumerate(SAMPLES)])
def test_a_file_is_known_by_its_content(name: str, data: bytes) -> None:
    assert readings(data) == (name,)
    assert sniff(as_stream(data)) == (name,)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.mark.parametrize("head", [PNG, pickle.dumps({"a": 1}), b"#!/bin/sh\n", SAFETENSORS])
def test_a_zip_behind_anything_is_a_second_reading(head: bytes) -> None:
    """zipfile reads from the tail, pickle from the head: one file, two programs."""
    found = readings(head + zipped(("a", b"b")))
    assert found[-1] == "zip"
    assert found[:-1] == tuple(name for name in readings(head) if name not in ("text", "shell-script"))


def test_a_zip_comment_can_push_the_end_record_64_kib_up() -> None:
    archive = zipped(("a", b"b"))[:-2] + b"\xff\xff" + b"c" * 0xFFFF
    assert "zip" in readings(PNG + bytes(1 << 20) + archive)
    assert "zip" in sniff(as_stream(PNG + bytes(1 << 20) + archive))


@pytest.mark.parametrize("user_block", [512, 1024, 1 << 15, 1 << 16, 1 << 17, 1 << 20])
def test_hdf5_behind_a_user_block_is_found(user_block: int) -> None:
    """A picture in front of a Keras model: h5py opens it all the same."""
    data = PNG.ljust(user_block, b"\0") + b"\x89HDF\r\n\x1a\n" + bytes(100)
    assert set(readings(data)) == {"image", "hdf5"}
    assert set(sniff(as_stream(data))) == {"image", "hdf5"}


def test_a_tar_whose_first_name_is_a_pickle_has_both_readings() -> None:
    assert readings(old_tar(pickle.dumps(1, 2)))[:2] == ("pickle", "tar")


def test_a_tar_can_be_text_all_through() -> None:
    block = bytearray(b"a" * 124 + b"00000000014 " + b"1" * 12 + b" " * 8 + b"0" + b"b" * 188 + b"0" * 167)
    block[148:156] = b"%07o " % sum(block)
    assert readings(bytes(block) + b"hello world\n") == ("tar", "text")


@pytest.mark.parametrize("length", [0, 5, 1 << 40, (1 << 64) - 1])
def test_a_safetensors_with_a_wrong_length_is_still_one(length: int) -> None:
    assert readings(struct.pack("<Q", length) + SAFETENSORS_HEADER + b"\1") == ("safetensors",)


def test_json_whose_ninth_character_is_a_brace_is_no_safetensors() -> None:
    assert readings(b'["abcd",{"a": 1}]') == ("json",)
    assert readings(b'["\xc3\xa9\xc3\xa9",{"a": 1}]') == ("json",)


@pytest.mark.parametrize(
    "text", [b"GGUF is a format\n", b"Rar!", b"MZ was here\n", b"BM BM\n", b"PAR1 and PAR2\n", b"ZFS, a file system\n"]
)
def test_letters_of_a_signature_are_just_text(text: bytes) -> None:
    assert readings(text) == ("text",)


def test_text_is_promised_for_the_whole_content() -> None:
    text = b"a line of text\n" * 100_000
    assert readings(text) == ("text",)
    assert readings(text + b"\x80\x04N.") == ("unknown",)
    assert readings(text + b"\0") == ("unknown",)
    assert readings("".join(map(chr, range(0x4E00, 0x9000))).encode() * 30) == ("text",)
    assert readings(("\u00e9" * (1 << 20)).encode() + b"\xc3") == ("unknown",)
    assert readings(b'{"a": [' + b"[1, 2]," * 50_000 + b"3]}") == ("json",)
    assert readings(b'{"a": [' + b"[1, 2]," * 50_000 + b"3]") == ("text",)


def test_a_script_is_named_when_all_of_it_is_text() -> None:
    assert readings(b"#!/usr/bin/env python\nprint(1)\n") == ("shell-script", "text")
    assert readings(b"#!/bin/sh\ntail -c+20 $0 | sh\n\x00\x01\x02") == ("unknown",)


def test_a_git_lfs_pointer_is_named() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 123456\n"
    assert readings(pointer) == ("git-lfs-pointer", "text")
    assert readings(pointer + b"x" * 1000) == ("text",)


NUMBERS = {"b": (0, 100), "i": (-9, 9), "I": (0, 60_000), "q": (-5, 5), "Q": (0, 50_000), "f": (-3, 3), "d": (-3, 3)}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_are_not_mistaken_for_files(kind: str) -> None:
    """A model has hundreds of tensors, and none of them may look like a broken file. Two bytes
    can look like a PROTO opcode; whoever reads pickles has to look further."""
    chance, low, high = random.Random(kind), *NUMBERS[kind]
    for count in (1, 2, 3, 5, 9, 40, 300):
        for _ in range(200):
            draw = chance.uniform if kind in "fd" else chance.randint
            data = struct.pack(f"<{count}{kind}", *(draw(low, high) for _ in range(count)))
            assert set(readings(data)) <= {"unknown", "text", "json", "pickle"}


def test_noise_is_not_mistaken_for_files() -> None:
    chance = random.Random(1)
    for size in (2, 8, 20, 64, 600):
        for _ in range(1_000):
            assert set(readings(chance.randbytes(size))) <= {"unknown", "text", "json", "pickle"}


@given(st.sampled_from(SAMPLES), st.data())
def test_any_damage_leaves_a_reading_and_no_error(sample: tuple[str, bytes], data: st.DataObject) -> None:
    content = sample[1]
    at = data.draw(st.integers(0, len(content)))
    content = content[:at] + data.draw(st.binary(max_size=12)) + content[at + data.draw(st.integers(0, 12)) :]
    found = readings(content)
    assert found
    assert found == readings(content)
    assert ("unknown" in found) <= (found == ("unknown",))


# --- damaged pickles that are text ---

TEXT_PICKLES = [
    b"cos\nsystem\n(S'echo hi'\ntR.",
    b"(S'echo hi'\nios\nsystem\n.",
    b"(cos\nsystem\nS'echo hi'\no.",
    b"cposix\nsystem\np0\n(Vecho hi\np1\ntp2\nRp3\n.",
    b'c__builtin__\neval\n(S"print(1)"\ntR.',
    b"(dp0\nVmodel\np1\ncposix\nsystem\np2\n(Vecho hi\np3\ntp4\nRp5\ns.",
]


@pytest.mark.parametrize("pickled", TEXT_PICKLES)
def test_one_inserted_byte_does_not_make_a_text_pickle_ordinary(pickled: bytes) -> None:
    assert looks_like_pickle_text(BytesSource(pickled)) is not None
    for at in range(len(pickled) + 1):
        for byte in b"\n aX'(.c1R":
            damaged = pickled[:at] + bytes((byte,)) + pickled[at:]
            assert looks_like_pickle_text(BytesSource(damaged)) is not None, damaged


def test_a_text_pickle_is_found_deep_inside_other_text() -> None:
    text = b"an ordinary line\n" * 40_000
    at = looks_like_pickle_text(BytesSource(text + TEXT_PICKLES[0] + text))
    assert at == len(text)


def test_a_call_with_a_long_argument_is_found() -> None:
    pickled = b"cbuiltins\nexec\n(S'" + b"x" * 300_000 + b"'\ntR."
    assert looks_like_pickle_text(BytesSource(pickled)) == 0


WORDS = ["cat", "dog", "ion", "tRNA", "Rome", "Vim", "S", "(S", "p1", "p2", "[SEP]", "cos", "system", "##ing"]


@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_word_lists_are_ordinary(words: list[str]) -> None:
    assert looks_like_pickle_text(BytesSource("".join(f"{word}\n" for word in words).encode())) is None


@pytest.mark.parametrize(
    "text",
    [
        "Copyright (c) 2020\n(See the licence.)\n(Version 2)\n",
        "import os\nos.system('ls')\nprint('tR.')\nx = (S, 'a')\n",
        json.dumps({"merges": ["c o\n", "i t\n"], "vocab": {"(S'": 1, "tR": 2}}, indent=1),
        "class_a\nclass_b\n\nindex\ncount\n",
        "",
    ],
)
def test_prose_code_and_json_are_ordinary(text: str) -> None:
    assert looks_like_pickle_text(BytesSource(text.encode())) is None


def test_text_made_to_be_suspicious_everywhere_costs_no_more_than_its_size() -> None:
    assert looks_like_pickle_text(BytesSource(b"\n(V" * 200_000)) is None
    assert looks_like_pickle_text(BytesSource(b"\nS'" + b"ci" * 300_000)) is None


@pytest.mark.parametrize(
    "token",
    [
        b"cos",
        b"model.pkl",
        b"archive/data",
        b"gASVK",
        b"c\xc3\xa9",
        b"little",
        b"PK",
        b"Rar!",
        b"%PDF",
        b"epoch=3",
        b"./@Long",
        b">",
        b"@",
        b"<H",
    ],
)
def test_a_lone_word_can_be_the_start_of_something(token: bytes) -> None:
    assert short_token(token)


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"cos\n",
        b"two words",
        b"1.2.3",
        b"v2.0.0-rc1",
        b"2.1+cu118",
        b"d41d8cd98f00b204e9800998ecf8427e",
        b"tensorflow>=1.9.0",
        b"torch==2.1.0",
        b"https://example.org/model",
        b"*.pyc",
        b"<html></html>",
        b"@sch\xc3\xa4tzt_er",
        b"x" * 101,
    ],
)
def test_versions_digests_and_lines_are_complete(token: bytes) -> None:
    assert not short_token(token)


@pytest.mark.parametrize("encoding", ["iso-8859-1", "cp1252", "iso-8859-2", "mac-roman"])
def test_text_of_older_encodings(encoding: str) -> None:
    text = "Ein längerer Text über Wörter, wie ihn Wörterbücher haben.\n" * 3
    assert sniff(BytesSource(text.encode(encoding))) == ("text",)


@pytest.mark.parametrize("data", [b"\xe4" * 100, b"short \xe4", b"a text \xe4 " * 20 + b"\x01", bytes(range(256)) * 4])
def test_what_is_no_text_of_any_encoding(data: bytes) -> None:
    assert sniff(BytesSource(data)) == ("unknown",)
