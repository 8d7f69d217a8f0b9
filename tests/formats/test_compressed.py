"""Compressed content comes out as its loaders see it: whole before it is checked, and bounded."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.limits import Limits
from modelward.formats.compressed import KINDS, Compressed
from modelward.formats.source import Budget, BytesSource

CONTENT = random.Random(0).randbytes(40_000) + b"and something that compresses, " * 4_000


def zfile(content: bytes, python2: bool = False) -> bytes:
    return b"ZF" + f"{len(content):#x}".ljust(20 if python2 else 19).encode() + zlib.compress(content)


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda content: gzip.compress(content, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
    "zlib": zlib.compress,
    "zfile": zfile,
}
SMALL = CONTENT[39_000:42_000]
ALL = pytest.mark.parametrize("kind", KINDS)
DAMAGED = "the compressed data is damaged"
CUT_OFF = "the compressed data is cut off"
WRONG_SUM = "the checksum of the compressed data is wrong"


def opened(kind: str, data: bytes, limits: Limits | None = None, budget: int = 1 << 40) -> tuple[bytes, Compressed]:
    stream = Compressed(kind, BytesSource(data), limits or Limits(), Budget(budget))
    return stream.read(0, 1 << 40), stream


@ALL
def test_content_comes_out_whole(kind: str) -> None:
    for content in (CONTENT, random.Random(2).randbytes(500_000), b"", b"x"):
        found, stream = opened(kind, COMPRESS[kind](content))
        assert found == content
        assert (stream.problem, stream.trailing, stream.size) == (None, None, len(content))


def test_the_container_of_joblib_on_python_2_is_one_byte_longer() -> None:
    assert opened("zfile", zfile(CONTENT, python2=True))[0] == CONTENT


@pytest.mark.parametrize("kind", ["gzip", "bz2", "xz"])
@pytest.mark.parametrize("padding", [b"", bytes(4), bytes(40_000)])
def test_streams_that_follow_one_another_are_one_content(kind: str, padding: bytes) -> None:
    data = COMPRESS[kind](b"first, ") + padding + COMPRESS[kind](b"") + COMPRESS[kind](b"second") + padding
    found, stream = opened(kind, data)
    assert found == b"first, second"
    assert (stream.problem, stream.trailing) == (None, None)


@ALL
def test_what_follows_the_last_stream_is_pointed_out(kind: str) -> None:
    data = COMPRESS[kind](CONTENT)
    found, stream = opened(kind, data + bytes(3) + b"more")
    assert found == CONTENT
    assert stream.problem is None
    assert stream.trailing == len(data) + 3
    assert opened(kind, data + bytes(50_000))[1].trailing is None


@ALL
@given(data=st.data())
def test_a_cut_off_stream_gives_what_it_has_and_says_so(kind: str, data: st.DataObject) -> None:
    whole = COMPRESS[kind](SMALL)
    found, stream = opened(kind, whole[: data.draw(st.integers(30, len(whole) - 1))])
    assert SMALL.startswith(found)
    assert stream.problem == CUT_OFF


@ALL
@given(data=st.data())
def test_a_damaged_stream_never_passes_in_silence(kind: str, data: st.DataObject) -> None:
    whole = COMPRESS[kind](SMALL)
    at = data.draw(st.integers(0 if kind != "zfile" else 30, len(whole)))
    damaged = whole[:at] + data.draw(st.binary(min_size=1, max_size=3)) + whole[at:]
    found, stream = opened(kind, damaged)
    assert stream.problem or stream.trailing is not None or found == SMALL


@given(st.sampled_from(KINDS), st.binary(max_size=300))
def test_noise_is_read_without_an_error(kind: str, noise: bytes) -> None:
    opened(kind, noise)
    opened(kind, COMPRESS[kind](b"x")[:12] + noise)


@pytest.mark.parametrize(("kind", "length"), [("gzip", 8), ("gzip", 4), ("zlib", 4), ("zfile", 4)])
def test_content_is_handed_out_before_its_checksum_fails(kind: str, length: int) -> None:
    """pickle.load is done before gzip comes to the checksum, so the content counts."""
    data = COMPRESS[kind](CONTENT)
    found, stream = opened(kind, data[:-length] + bytes((data[-length] ^ 1,)) + data[len(data) - length + 1 :])
    assert found == CONTENT
    assert stream.problem == WRONG_SUM


@pytest.mark.parametrize("kind", ["gzip", "zlib", "xz", "bz2"])
def test_content_before_the_damage_is_handed_out(kind: str) -> None:
    """A loader gets 8 KiB at a time, and a pickle that ends before the damage has run by then."""
    content = random.Random(1).randbytes(2_000_000)
    data = bytearray(COMPRESS[kind](content))
    data[-2_000:-1_500] = bytes(500)
    found, stream = opened(kind, bytes(data))
    assert content.startswith(found[: len(content) // 3])
    assert len(found) > len(content) // 3
    assert stream.problem


def gzip_header(flags: int, fields: bytes) -> bytes:
    plain = gzip.compress(b"content", mtime=0)
    return plain[:3] + bytes((flags,)) + plain[4:10] + fields + plain[10:]


@pytest.mark.parametrize(
    ("flags", "fields"),
    [
        (1, b""),
        (2, b"??"),  # a wrong header checksum: Python's gzip does not look at it
        (4, struct.pack("<H", 5) + b"extra"),
        (8, b"model.pkl\0"),
        (8, b"n" * 100_000 + b"\0"),
        (16, b"a comment\0"),
        (0xE0, b""),  # reserved bits
        (31, struct.pack("<H", 2) + b"xx" + b"name\0" + b"comment\0" + b"??"),
    ],
)
def test_every_field_of_a_gzip_header_is_passed(flags: int, fields: bytes) -> None:
    data = gzip_header(flags, fields)
    assert gzip.decompress(data) == b"content"
    found, stream = opened("gzip", data)
    assert (found, stream.problem) == (b"content", None)


@pytest.mark.parametrize(
    ("kind", "data", "problem"),
    [
        ("gzip", gzip_header(8, b"n" * 100_000)[:100_000], CUT_OFF),
        ("gzip", gzip_header(4, b"\xff\xff"), CUT_OFF),
        ("gzip", b"\x1f\x8b\x07" + bytes(20), "not a gzip header"),
        ("zfile", b"ZF", "not a joblib container"),
        ("zlib", b"\x78\xbb" + bytes(20), "the compressed data needs a dictionary that is not in it"),
        ("zlib", b"\x78\x9c\xff\xff\xff", DAMAGED),
        ("bz2", b"BZh9" + b"x" * 20, DAMAGED),
        ("xz", b"\xfd7zXZ\0" + b"x" * 20, DAMAGED),
    ],
)
def test_problems_are_told_in_our_own_words(kind: str, data: bytes, problem: str) -> None:
    """Those of the libraries differ between their versions, and so would the statements."""
    found, stream = opened(kind, data)
    assert (found, stream.problem) == (b"", problem)


@pytest.mark.parametrize("kind", ["xz", "lzma"])
def test_a_header_cannot_ask_for_gigabytes(kind: str) -> None:
    """The preset 9 of xz needs 65 MiB and is allowed."""
    filters = [{"id": lzma.FILTER_LZMA2 if kind == "xz" else lzma.FILTER_LZMA1, "dict_size": 1 << 20}]
    format = lzma.FORMAT_XZ if kind == "xz" else lzma.FORMAT_ALONE
    data = bytearray(lzma.compress(CONTENT, format, check=-1, filters=filters))
    if kind == "lzma":
        data[1:5] = struct.pack("<I", 1 << 30)
    else:
        header = data[12:24]
        assert header[2:4] == b"\x21\x01"
        header[4] = 37  # 1.5 GiB: https://tukaani.org/xz/xz-file-format.txt, 5.3.1
        data[12:24] = header[:8] + struct.pack("<I", zlib.crc32(header[:8]))
    found, stream = opened(kind, bytes(data))
    assert (found, stream.problem) == (b"", "the compressed data needs more memory than allowed")
    assert opened("xz", lzma.compress(CONTENT, preset=9))[0] == CONTENT


def test_a_bomb_is_cut_short_at_the_ratio() -> None:
    data = gzip.compress(bytes(80 << 20), mtime=0)
    stream = Compressed("gzip", BytesSource(data), Limits(ratio=200), Budget(1 << 40))
    assert (63 << 20) < stream.size <= (64 << 20)
    assert stream.problem == "decompresses to more than 200 times its size"
    generous = Compressed("gzip", BytesSource(data), Limits(ratio=2_000), Budget(1 << 40))
    assert (generous.size, generous.problem) == (80 << 20, None)


def test_the_budget_of_the_file_is_spent() -> None:
    found, stream = opened("gzip", COMPRESS["gzip"](CONTENT * 10), budget=300_000)
    assert len(found) <= 300_000
    assert stream.problem == "decompresses to more than the limit"


def test_a_million_empty_streams_are_too_many() -> None:
    found, stream = opened("gzip", COMPRESS["gzip"](b"") * 20, Limits(entries=10))
    assert (found, stream.problem) == (b"", "more than 10 streams, one after the other")


def test_reading_twice_gives_the_same() -> None:
    stream = Compressed("gzip", BytesSource(COMPRESS["gzip"](CONTENT) + b"more"), Limits(), Budget(1 << 40))
    stream._keep = 1
    first = stream.read(0, 1 << 40), stream.trailing
    assert (stream.read(0, 1 << 40), stream.trailing) == first
