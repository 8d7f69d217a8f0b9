"""The zip reader: clean archives are clean, and whatever two readers could see differently is said."""

from __future__ import annotations

import bz2
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.zips import CountingSource, Part, Record, archive, end64, end_record, plain, zipped

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.source import Budget, BytesSource, Stream
from modelward.formats.zip import Kind, Member, ZipFacts, crc_matches, open_member, read_zip

LIMITS = Limits()
HELLO = plain(b"a/hello.txt", b"hello world")


def facts_of(raw: bytes, limits: Limits = LIMITS) -> ZipFacts:
    return read_zip(BytesSource(raw), limits)


def kinds(raw: bytes) -> set[Kind]:
    return {anomaly.kind for anomaly in facts_of(raw).anomalies}


def opened(raw: bytes, member: Member, limits: Limits = LIMITS) -> Source:
    source = open_member(BytesSource(raw), member, limits, Budget(limits.expanded_bytes))
    assert not isinstance(source, str)
    return source


def content(raw: bytes, member: Member) -> bytes:
    source = opened(raw, member)
    return source.read(0, source.size)


def problem(raw: bytes, member: Member, limits: Limits = LIMITS) -> str | None:
    source = opened(raw, member, limits)
    assert isinstance(source, Stream)
    assert source.size >= 0
    return source.problem


def assert_clean(raw: bytes, names: list[str] | None = None) -> ZipFacts:
    facts = facts_of(raw)
    assert facts.anomalies == ()
    assert facts.gaps == ()
    if names is not None:
        assert [member.name for member in facts.members] == names
    with zipfile.ZipFile(io.BytesIO(raw)) as reference:
        stored = {info.header_offset: reference.read(info) for info in reference.infolist()}
    assert {member.header_at: content(raw, member) for member in facts.members} == stored
    assert all(crc_matches(opened(raw, member), member) for member in facts.members)
    return facts


# --- what ordinary writers write


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zipfile_writes_clean_archives(method: int) -> None:
    members = {"a/b.txt": b"hello " * 1000, "empty": b"", "folder/": b"", "name é.txt": b"x"}
    facts = assert_clean(zipped(members, method), list(members))
    assert [member.is_directory for member in facts.members] == [False, False, True, False]


def test_empty_archive_is_clean() -> None:
    assert_clean(zipped({}), [])


class Unseekable(io.RawIOBase):
    """zipfile then writes data descriptors."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self._file.write(data)


@pytest.mark.parametrize("wide", [False, True])
def test_streamed_members_with_signed_descriptors(wide: bool) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(Unseekable(buffer), "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("a", "b"):
            with file.open(name, "w", force_zip64=wide) as member:
                member.write(b"abc" * 100)
    assert b"PK\7\x08" in buffer.getvalue()
    assert_clean(buffer.getvalue(), ["a", "b"])


@pytest.mark.parametrize("layout", ["<III", "<IQQ"])
def test_streamed_members_with_unsigned_descriptors(layout: str) -> None:
    data = b"hello"
    after = struct.pack(layout, zlib.crc32(data), 5, 5)
    entry = Record(b"x", flags=8)
    part = Part(data, replace(entry, crc=0, compressed=0, size=0), entry, after)
    other = replace(part, local=Record(b"y", flags=8, crc=0, compressed=0, size=0), entry=Record(b"y", flags=8))
    assert_clean(archive(part, other))


def test_npz_is_clean() -> None:
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, a=np.arange(1000.0), b=np.zeros(0))
        assert_clean(buffer.getvalue(), ["a.npy", "b.npy"])


def test_torch_archives_are_clean(tmp_path: Path) -> None:
    state = io.BytesIO()
    torch.save({"weight": torch.ones(300), "empty": torch.empty(0)}, state)
    assert b"PK\6\6" in state.getvalue()
    assert "archive/data.pkl" in {member.name for member in assert_clean(state.getvalue()).members}
    script = io.BytesIO()
    torch.save(torch.nn.Linear(2, 3), script)
    assert_clean(script.getvalue())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_archives_are_clean(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.jit.script(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU())).save(path)  # type: ignore[no-untyped-call]
    assert any("/code/" in member.name for member in assert_clean(path.read_bytes()).members)


def test_zip64_sizes_and_offsets_are_read() -> None:
    """As torch's miniz writes members beyond 4 GiB, and npz every member: 4.5.3."""
    data = b"hello"
    sizes = struct.pack("<HHQQ", 1, 16, 5, 5)
    local = Record(b"x", compressed=0xFFFFFFFF, size=0xFFFFFFFF, extra=sizes)
    entry = replace(local, extra=struct.pack("<HHQQQ", 1, 24, 5, 5, 0))
    body, listed = local.local(data) + data, entry.entry(data, 0xFFFFFFFF)
    wide = end64(1, len(listed), len(body), len(body) + len(listed))
    for end in (end_record(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF), end_record(1, len(listed), len(body))):
        assert_clean(body + listed + wide + end, ["x"])


def test_padding_between_members_is_clean() -> None:
    assert_clean(archive(replace(HELLO, after=bytes(33)), plain(b"b", b"x")))


def test_stored_archive_inside_an_archive_is_no_second_end() -> None:
    assert_clean(zipped({"inner.zip": zipped({"a": b"x"}), "b": b"y"}))


# --- what it costs


def test_only_headers_of_stored_members_are_read() -> None:
    raw = zipped({f"archive/data/{i}": bytes([i]) * 200_000 for i in range(50)})
    source = CountingSource(raw)
    assert len(read_zip(source, LIMITS).members) == 50
    assert source.given < len(raw) / 10


def test_entries_beyond_the_limit_are_a_gap_and_no_accusation() -> None:
    raw = zipped({str(i): b"x" for i in range(30)})
    facts = facts_of(raw, Limits(entries=20))
    assert len(facts.members) == 20
    assert facts.anomalies == ()
    assert any("limit" in gap.why for gap in facts.gaps)


def test_anomalies_are_limited() -> None:
    raw = archive(*[plain(b"../x", b"x") for _ in range(50)])
    facts = facts_of(raw, Limits(findings=10))
    assert len(facts.anomalies) == 10
    assert any("more anomalies" in gap.why for gap in facts.gaps)


def test_long_names_are_limited() -> None:
    # one character outside the BMP makes Python keep four bytes for each of the others
    parts = [plain("\N{GRINNING FACE}".encode() + str(i).encode() + b"n" * 65_000, b"x") for i in range(80)]
    facts = facts_of(archive(*parts))
    assert len(facts.members) < len(parts)
    assert facts.gaps


# --- two descriptions that disagree


LIES: dict[str, tuple[Record, Kind]] = {
    # https://github.com/advisories/GHSA-7q5r-7gvp-wc82 (CVE-2025-1944): picklescan stopped at the
    # other name in the local header, torch loaded the member
    "name": (Record(b"a/hallo.txt"), Kind.NAME_MISMATCH),
    # https://github.com/advisories/GHSA-w8jq-xcqf-f792 (CVE-2025-1945): flag bits, set in one place or both
    "encrypted": (Record(b"a/hello.txt", flags=0x1), Kind.HEADER_MISMATCH),
    "patched": (Record(b"a/hello.txt", flags=0x20), Kind.HEADER_MISMATCH),
    "strongly encrypted": (Record(b"a/hello.txt", flags=0x40), Kind.HEADER_MISMATCH),
    "streamed": (Record(b"a/hello.txt", flags=0x8), Kind.HEADER_MISMATCH),
    "method": (Record(b"a/hello.txt", method=8), Kind.HEADER_MISMATCH),
    # https://github.com/advisories/GHSA-mjqp-26hc-grxg (CVE-2025-10156)
    "crc": (Record(b"a/hello.txt", crc=7), Kind.HEADER_MISMATCH),
    "compressed": (Record(b"a/hello.txt", compressed=5), Kind.HEADER_MISMATCH),
    "size": (Record(b"a/hello.txt", size=5), Kind.HEADER_MISMATCH),
    "extra": (Record(b"a/hello.txt", extra=b"\1\0\xff\0"), Kind.ODD_EXTRA),
    "two zip64 fields": (Record(b"a/hello.txt", extra=bytes([1, 0, 0, 0] * 2)), Kind.ODD_EXTRA),
    "no zip64 field": (Record(b"a/hello.txt", size=0xFFFFFFFF), Kind.ODD_EXTRA),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("where", ["local", "entry"])
def test_disagreements_are_named(lie: str, where: str) -> None:
    record, kind = LIES[lie]
    part = replace(HELLO, local=record) if where == "local" else replace(HELLO, entry=record)
    assert kind in kinds(archive(part, plain(b"other", b"x")))


@pytest.mark.parametrize("flag", [0x20, 0x40, 0x2000])
def test_flags_that_readers_treat_differently(flag: int) -> None:
    """CVE-2025-1945 again: with the flag in both places, the member is still there to be read."""
    raw = archive(replace(HELLO, local=Record(b"a/hello.txt", flags=flag), entry=Record(b"a/hello.txt", flags=flag)))
    assert kinds(raw) == {Kind.ODD_FLAGS}
    assert content(raw, facts_of(raw).members[0]) == b"hello world"


def test_encrypted_members_are_named_and_not_opened() -> None:
    record = Record(b"a", flags=1)
    raw = archive(Part(b"x" * 20, record, record))
    assert kinds(raw) == {Kind.ENCRYPTED_MEMBER}
    (member,) = facts_of(raw).members
    assert member.encrypted
    assert open_member(BytesSource(raw), member, LIMITS, Budget(1)) == "it is encrypted"


def test_unknown_methods_are_named_and_not_opened() -> None:
    record = Record(b"a", method=93)
    raw = archive(Part(b"x" * 20, record, record))
    assert kinds(raw) == {Kind.UNKNOWN_METHOD}
    reason = open_member(BytesSource(raw), facts_of(raw).members[0], LIMITS, Budget(1))
    assert isinstance(reason, str)
    assert "93" in reason


def test_both_readings_of_a_member_are_there() -> None:
    """One reader takes the stored bytes, the other inflates them."""
    data = zlib.compress(b"from the local header", wbits=-15)
    raw = archive(Part(data, Record(b"m", method=8, size=21, crc=zlib.crc32(b"from the local header")), Record(b"m")))
    assert [content(raw, member) for member in facts_of(raw).members] == [data, b"from the local header"]


def test_unicode_name_that_differs() -> None:
    """4.6.9: zipfile of Python 3.13 takes it for the name."""
    other = b"\1" + zlib.crc32(b"a/hello.txt").to_bytes(4, "little") + b"evil.pkl"
    record = Record(b"a/hello.txt", extra=struct.pack("<HH", 0x7075, len(other)) + other)
    assert Kind.NAME_MISMATCH in kinds(archive(replace(HELLO, entry=record)))
    honest = b"\1" + zlib.crc32(b"?\xe9.txt").to_bytes(4, "little") + "é.txt".encode()
    record = Record(b"?\xe9.txt", extra=struct.pack("<HH", 0x7075, len(honest)) + honest)
    assert kinds(archive(Part(b"x", record, record))) == set()


def test_descriptor_that_disagrees() -> None:
    entry = Record(b"x", flags=8)
    after = b"PK\7\x08" + struct.pack("<III", zlib.crc32(b"hello"), 4, 5)
    raw = archive(Part(b"hello", replace(entry, crc=0, compressed=0, size=0), entry, after))
    assert kinds(raw) >= {Kind.HEADER_MISMATCH}


def test_member_without_an_entry() -> None:
    for parts in ((replace(HELLO, entry=None), plain(b"b", b"x")), (plain(b"b", b"x"), replace(HELLO, entry=None))):
        raw = archive(*parts)
        assert kinds(raw) == {Kind.UNLISTED_MEMBER}
        assert {content(raw, member) for member in facts_of(raw).members} == {b"hello world", b"x"}


def test_entry_without_a_member() -> None:
    raw = archive(replace(HELLO, data=b"", local=None), plain(b"b", b"x"))
    assert Kind.MISSING_MEMBER in kinds(archive(replace(HELLO, local=None)))
    assert {content(raw, member) for member in facts_of(raw).members} == {b"", b"x"}  # two entries, one header
    assert {Kind.OVERLAP, Kind.NAME_MISMATCH} <= kinds(raw)


def test_members_that_overlap() -> None:
    # https://www.bamsoftware.com/hacks/zipbomb/: one member's data holds the next one's header
    inner = plain(b"b", b"x" * 50)
    assert inner.local
    header = inner.local.local(inner.data)
    outer = Part(header + inner.data, Record(b"a"), Record(b"a"))
    assert outer.local and outer.entry and inner.entry
    body = outer.local.local(outer.data) + outer.data
    start = len(body) - len(header) - len(inner.data)
    directory = outer.entry.entry(outer.data, 0) + inner.entry.entry(inner.data, start)
    raw = body + directory + end_record(2, len(directory), len(body))
    assert kinds(raw) == {Kind.OVERLAP}
    assert content(raw, facts_of(raw).members[1]) == b"x" * 50


def test_headers_inside_headers_are_not_followed() -> None:
    inner = Record(b"inner").local(b"x")
    outer = Record(b"outer", extra=struct.pack("<HH", 0x4246, len(inner) + 1) + inner + b"x")
    body = outer.local(b"")
    directory = outer.entry(b"", 0) + Record(b"inner").entry(b"x", body.index(inner))
    raw = body + directory + end_record(2, len(directory), len(body))
    facts = facts_of(raw)
    assert {a.kind for a in facts.anomalies} == {Kind.OVERLAP}
    assert [member.name for member in facts.members] == ["outer"]
    assert facts.gaps


def test_search_for_descriptors_is_limited() -> None:
    flood = Record(b"m", flags=8, crc=0, compressed=0, size=0).local(b"") + b"PK\7\x08" * 100_000
    facts = facts_of(flood)
    assert [member.name for member in facts.members] == ["m"]
    assert any("size is not known" in gap.why for gap in facts.gaps)


def test_names() -> None:
    cases: dict[bytes, set[Kind]] = {
        b"../x": {Kind.PATH_ESCAPE},
        b"a/../../x": {Kind.PATH_ESCAPE},
        b"a\\..\\x": {Kind.PATH_ESCAPE},
        b"..": {Kind.PATH_ESCAPE},
        b"/etc/x": {Kind.PATH_ESCAPE},
        b"\\\\host\\x": {Kind.PATH_ESCAPE},
        b"C:\\x": {Kind.PATH_ESCAPE},
        b"c:x": {Kind.PATH_ESCAPE},
        b"a\\b": {Kind.BACKSLASH_NAME},
        b"data.pkl\0.txt": {Kind.ODD_NAME},
        b"": {Kind.ODD_NAME},
        b"data.pkl/": {Kind.ODD_NAME},
        b"a..b/..c": set(),
        b"\xff\xfe": set(),
    }
    for name, expected in cases.items():
        assert kinds(archive(plain(name, b"x"))) == expected, name
        if expected == {Kind.PATH_ESCAPE}:  # in the local header alone, too
            assert kinds(archive(Part(b"x", Record(name), Record(b"plain")))) >= expected, name


def test_duplicate_names() -> None:
    assert kinds(archive(plain(b"m/data.pkl", b"1"), plain(b"m/data.pkl", b"2"))) == {Kind.DUPLICATE_NAME}
    assert kinds(archive(plain(b"m/data.pkl", b"1"), plain(b"m/DATA.pkl", b"2"))) == {Kind.CASE_DUPLICATE}


def test_links_and_devices() -> None:
    assert kinds(archive(plain(b"link", b"/etc/passwd", 0o120777))) == {Kind.SPECIAL_FILE}
    assert kinds(archive(plain(b"pipe", b"", 0o010644))) == {Kind.SPECIAL_FILE}
    assert kinds(archive(plain(b"file", b"", 0o100755), plain(b"folder/", b"", 0o040755))) == set()


# --- bytes that belong to nobody, and ends that lead elsewhere


def test_prepended_bytes_are_named_and_the_archive_is_read() -> None:
    raw = archive(HELLO, before=b"#!/bin/sh\n")
    facts = facts_of(raw)
    assert [(a.kind, a.at, a.end) for a in facts.anomalies] == [(Kind.PREPENDED_DATA, 0, 10)]
    assert facts.base == 10
    assert content(raw, facts.members[0]) == b"hello world"


def test_hidden_and_trailing_bytes_are_named() -> None:
    raw = archive(replace(HELLO, after=b"secret"), plain(b"b", b"x"))
    (hidden,) = facts_of(raw).anomalies
    assert hidden.kind == Kind.HIDDEN_DATA
    assert raw[hidden.at : hidden.end] == b"secret"
    (trailing,) = facts_of(archive(HELLO) + b"more").anomalies
    assert (trailing.kind, trailing.end - trailing.at) == (Kind.TRAILING_DATA, 4)


def test_two_archives_in_one_file() -> None:
    first, second = zipped({"a": b"first"}), zipped({"b": b"second"})
    facts = facts_of(first + second)
    assert {"a", "b"} <= {member.name for member in facts.members}
    assert {a.kind for a in facts.anomalies} == {Kind.UNLISTED_MEMBER, Kind.HIDDEN_DATA}


def test_second_end_record_whose_comment_holds_the_archive() -> None:
    second = zipped({"b": b"second"})
    assert Kind.AMBIGUOUS_END in kinds(archive(HELLO, comment=second))


def test_two_directories_by_size_and_by_offset() -> None:
    body = Record(b"a").local(b"1") + b"1" + Record(b"b").local(b"2") + b"2"
    first = Record(b"a").entry(b"1", 0)
    second = Record(b"b").entry(b"2", len(Record(b"a").local(b"1")) + 1)
    raw = body + first + second + end_record(1, len(first), len(body))
    facts = facts_of(raw)
    assert Kind.AMBIGUOUS_END in {a.kind for a in facts.anomalies}
    assert facts.gaps


def test_wrong_count_of_entries() -> None:
    raw = archive(HELLO, plain(b"b", b"x"))
    at = raw.rindex(b"PK\5\6")
    assert kinds(raw[: at + 8] + b"\1\0\1\0" + raw[at + 12 :]) == {Kind.AMBIGUOUS_END}


# CVE-2025-8291: https://github.com/google/security-research/security/advisories/GHSA-hhv7-p4pg-wm6p
def test_zip64_end_records_that_contradict() -> None:
    part = HELLO
    assert part.local and part.entry
    body, listed = part.local.local(part.data) + part.data, part.entry.entry(part.data, 0)
    at, end = len(body) + len(listed), end_record(1, len(listed), len(body))
    true = end64(1, len(listed), len(body), at)
    assert kinds(body + listed + true + end) == set()
    for wide in (
        end64(1, len(listed), len(body), 0),  # the locator points elsewhere
        end64(2, len(listed), len(body), at),
        true[56:],  # a locator without its record
    ):
        assert Kind.AMBIGUOUS_END in kinds(body + listed + wide + end)


def test_archive_cut_short_gives_the_members_that_are_there() -> None:
    state = io.BytesIO()
    torch.save({"weight": torch.ones(3000), "bias": torch.ones(50)}, state)
    raw = state.getvalue()
    whole = {member.name: content(raw, member) for member in facts_of(raw).members}
    cut = raw[: raw.index(b"PK\1\2") + 10]
    facts = facts_of(cut)
    assert facts.anomalies == ()
    assert facts.gaps
    assert {member.name: content(cut, member) for member in facts.members} == whole
    half = raw[: len(raw) // 2]
    names = [member.name for member in facts_of(half).members]
    assert "archive/data.pkl" in names
    assert facts_of(half).gaps


def test_not_an_archive() -> None:
    facts = facts_of(b"nothing of the sort")
    assert facts.members == ()
    assert facts.gaps


# --- the data of compressed members


def compressed(method: int, data: bytes) -> bytes:
    if method == zipfile.ZIP_DEFLATED:
        return zlib.compress(data, wbits=-15)
    if method == zipfile.ZIP_BZIP2:
        return bz2.compress(data)
    raw = zipped({"m": data}, zipfile.ZIP_LZMA)
    return raw[31 : 31 + facts_of(raw).members[0].compressed]


def one(packed: bytes, data: bytes, method: int, size: int | None = None, flags: int = 2) -> tuple[bytes, Member]:
    length = len(data) if size is None else size
    record = Record(b"m", method=method, crc=zlib.crc32(data), size=length, flags=flags)
    raw = archive(Part(packed, record, record))
    return raw, facts_of(raw).members[0]


COMPRESSED = [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
TEXT = random.Random(1).randbytes(300_000)


@pytest.mark.parametrize("method", COMPRESSED)
def test_compressed_data_that_breaks(method: int) -> None:
    packed = compressed(method, TEXT)
    raw, member = one(packed, TEXT, method)
    assert problem(raw, member) is None
    assert crc_matches(opened(raw, member), member)
    for broken, size in (
        (packed[: len(packed) // 2], None),
        (packed[:-1], None),
        (packed + b"!", None),
        (packed, len(TEXT) - 1),
        (packed, len(TEXT) + 1),
        (packed[:200] + bytes(50) + packed[250:], None),
        (b"", None),
    ):
        raw, member = one(broken, TEXT, method, size)
        source = open_member(BytesSource(raw), member, LIMITS, Budget(1 << 30))
        if not isinstance(source, str):
            sound = crc_matches(source, member)
            assert isinstance(source, Stream)
            assert source.problem or not sound
            assert TEXT.startswith(source.read(0, 100))


@pytest.mark.parametrize("method", COMPRESSED)
def test_a_size_declared_too_small_hides_nothing(method: int) -> None:
    raw, member = one(compressed(method, TEXT), TEXT, method, 5)
    if method != zipfile.ZIP_LZMA:  # there the declared size bounds the dictionary, and the stream breaks
        assert content(raw, member) == TEXT
    assert problem(raw, member)


def test_lzma_without_an_end_mark() -> None:
    marked = compressed(zipfile.ZIP_LZMA, TEXT)
    raw, member = one(marked, TEXT, zipfile.ZIP_LZMA, flags=0)
    assert problem(raw, member) is None


def test_lzma_that_asks_for_memory() -> None:
    packed = b"\x09\x14\5\0\x5d" + struct.pack("<I", 1 << 30) + bytes(50)
    raw, member = one(packed, b"", zipfile.ZIP_LZMA, 1 << 30)
    reason = open_member(BytesSource(raw), member, LIMITS, Budget(1 << 30))
    assert isinstance(reason, str)
    assert "dictionary" in reason
    raw, member = one(b"\x09\x14\5\0\xff" + bytes(20), b"", zipfile.ZIP_LZMA)
    assert isinstance(open_member(BytesSource(raw), member, LIMITS, Budget(1)), str)


def test_wrong_crc() -> None:
    raw, member = one(compressed(zipfile.ZIP_DEFLATED, TEXT), TEXT, zipfile.ZIP_DEFLATED)
    wrong = replace(member, crc=member.crc ^ 1)
    assert not crc_matches(opened(raw, wrong), wrong)
    raw, member = one(TEXT, TEXT, zipfile.ZIP_STORED)
    assert crc_matches(opened(raw, member), member)
    wrong = replace(member, crc=member.crc ^ 1)
    assert not crc_matches(opened(raw, wrong), wrong)


@settings(max_examples=300)
@given(method=st.sampled_from(COMPRESSED), head=st.sampled_from([b"", b"\x09\x14\5\0", b"BZh9"]), noise=st.binary())
def test_garbage_that_claims_to_be_compressed(method: int, head: bytes, noise: bytes) -> None:
    raw, member = one(head + noise, b"", method, 10)
    source = open_member(BytesSource(raw), member, LIMITS, Budget(1 << 20))
    if not isinstance(source, str):
        sound = crc_matches(source, member)
        assert isinstance(source, Stream)
        assert source.problem or not sound


def test_bombs_end_at_the_ratio_or_at_the_budget() -> None:
    bomb = zlib.compressobj(9, wbits=-15)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(80)) + bomb.flush()
    raw, member = one(packed, b"", zipfile.ZIP_DEFLATED, 80 << 20)
    assert "200-fold" in (problem(raw, member) or "")
    assert "limit" in (problem(raw, member, Limits(expanded_bytes=1 << 20)) or "")


# --- laws: no change of the bytes is silent unless it changes no member


def reading(raw: bytes) -> tuple[bool, dict[str, bytes]]:
    """Whether anything was said, and the members."""
    facts = facts_of(raw)
    said = bool(facts.anomalies or facts.gaps)
    members = {}
    for member in facts.members:
        source = open_member(BytesSource(raw), member, LIMITS, Budget(1 << 24))
        if isinstance(source, str):
            said = True
            continue
        said = said or not crc_matches(source, member) or bool(isinstance(source, Stream) and source.problem)
        members[member.name] = source.read(0, 1 << 20)
    return said, members


def contents(raw: bytes) -> Iterator[bytes]:
    """All that zipfile, the reader that most loaders use, takes out of it."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            for info in file.infolist():
                try:
                    yield file.read(info)
                except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
                    continue
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, struct.error):
        return


def chained(raw: bytes) -> Iterator[bytes]:
    """All that a reader takes out of it who goes from one local header to the next."""
    at = 0
    while raw[at : at + 4] == b"PK\3\4" and at + 30 <= len(raw):
        flags, method, _, _, compressed, _, name, extra = struct.unpack_from("<HHIIIIHH", raw, at + 6)
        at += 30 + name + extra
        if flags & 9 or compressed == 0xFFFFFFFF or at + compressed > len(raw):
            return
        data = raw[at : at + compressed]
        if method == zipfile.ZIP_STORED:
            yield data
        elif method == zipfile.ZIP_DEFLATED:
            try:
                yield zlib.decompress(data, wbits=-15)
            except zlib.error:
                return
        at += compressed


def streamed() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(Unseekable(buffer), "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("m/a.txt", b"abcabcabc" * 3)
        file.writestr("m/b.bin", b"\x80\x04N.")
    return buffer.getvalue()


def wide() -> bytes:
    assert HELLO.local and HELLO.entry
    body, listed = HELLO.local.local(HELLO.data) + HELLO.data, HELLO.entry.entry(HELLO.data, 0)
    return (
        body
        + listed
        + end64(1, len(listed), len(body), len(body) + len(listed))
        + end_record(1, len(listed), len(body))
    )


SMALL: dict[str, Callable[[], bytes]] = {
    "stored": lambda: zipped({"m/a.txt": b"hello", "m/b.bin": b"\x80\x04N."}),
    "deflated": lambda: zipped({"m/a.txt": b"hello" * 9, "m/b.bin": b""}, zipfile.ZIP_DEFLATED),
    "streamed": streamed,
    "zip64": wide,
    "comment": lambda: archive(HELLO, comment=b"a comment"),
}


def assert_nothing_hidden(changed: bytes, original: dict[str, bytes]) -> None:
    """Either something is said, or the members are what they were; and what zipfile reads, we read."""
    said, members = reading(changed)
    assert said or members == original
    if not said:
        assert {*contents(changed), *chained(changed)} <= set(members.values())


@pytest.mark.parametrize("small", SMALL)
def test_any_changed_byte(small: str) -> None:
    """Every byte, every single bit of it, and three other values."""
    raw = SMALL[small]()
    said, original = reading(raw)
    assert not said
    for at, byte in enumerate(raw):
        for value in {byte ^ (1 << bit) for bit in range(8)} | {0, 0xFF, byte + 1 & 0xFF} - {byte}:
            assert_nothing_hidden(raw[:at] + bytes([value]) + raw[at + 1 :], original)


@pytest.mark.parametrize("small", SMALL)
def test_any_truncation_is_said(small: str) -> None:
    raw = SMALL[small]()
    for length in range(len(raw)):
        said, _ = reading(raw[:length])
        assert said, length


@pytest.mark.parametrize("small", SMALL)
def test_any_inserted_byte_is_said(small: str) -> None:
    """With one exception: a 1 in the length of the comment makes an archive with a comment of one byte."""
    raw = SMALL[small]()
    _, original = reading(raw)
    for at in range(len(raw) + 1):
        for value in (0, 1, 0x50, 0xFF, raw[at - 1]):
            changed = raw[:at] + bytes([value]) + raw[at:]
            said, members = reading(changed)
            assert said or (members == original and changed[-3:] == b"\1\0\0"), (at, value)


@given(suffix=st.binary(min_size=1, max_size=100), small=st.sampled_from(sorted(SMALL)))
def test_any_suffix_is_said(suffix: bytes, small: str) -> None:
    said, _ = reading(SMALL[small]() + suffix)
    assert said


@given(prefix=st.binary(min_size=1, max_size=100), small=st.sampled_from(sorted(SMALL)))
def test_any_prefix_is_said(prefix: bytes, small: str) -> None:
    said, _ = reading(prefix + SMALL[small]())
    assert said


RECORDS = st.builds(
    Record,
    name=st.sampled_from([b"m/a", b"m/b", b"m/A", b"../a", b"m/"]),
    flags=st.sampled_from([0, 0, 1, 8, 0x20, 0x800]),
    method=st.sampled_from([0, 0, 8, 12]),
    crc=st.none() | st.just(0),
    compressed=st.none() | st.integers(0, 40) | st.just(0xFFFFFFFF),
    size=st.none() | st.integers(0, 40),
    extra=st.sampled_from([b"", b"\1\0\x08\0" + bytes(8), b"FB\2\0ZZ", b"x"]),
)
PARTS = st.builds(
    Part,
    data=st.binary(max_size=30),
    local=st.none() | RECORDS,
    entry=st.none() | RECORDS,
    after=st.binary(max_size=4) | st.just(b"PK\7\x08" + bytes(12)),
)


@settings(max_examples=200)
@given(parts=st.lists(PARTS, max_size=4), before=st.binary(max_size=3), comment=st.binary(max_size=3))
def test_what_others_read_is_among_what_is_read_here(parts: list[Part], before: bytes, comment: bytes) -> None:
    """Zip confusion as a class: whatever the headers say, neither zipfile nor a reader of local headers
    gets a content that is not here (or is the beginning of one: they stop at the declared size)."""
    raw = archive(*parts, before=before, comment=comment)
    said, _ = reading(raw)
    sources = [open_member(BytesSource(raw), member, LIMITS, Budget(1 << 24)) for member in facts_of(raw).members]
    ours = [source.read(0, 1 << 20) for source in sources if not isinstance(source, str)]
    theirs = list(contents(raw))
    assert all(any(data.startswith(other) for data in [*ours, b""]) for other in [*theirs, *chained(raw)])
    assert said or sorted(theirs) == sorted(ours)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_garbage_never_raises(noise: bytes) -> None:
    for raw in (noise, b"PK\3\4" + noise, noise + end_record(1, 46, 0), b"PK\1\2" + noise + end_record(1, 46, 0)):
        facts = facts_of(raw)
        assert facts.gaps or facts.anomalies
        for member in facts.members:
            source = open_member(BytesSource(raw), member, LIMITS, Budget(1 << 20))
            assert isinstance(source, str) or source.size >= 0
