"""The reader sees what tarfile sees, and what is odd besides."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.limits import Limits
from modelward.formats.source import Budget, BytesSource, Stream
from modelward.formats.tar import TarAnomaly, TarGap, TarMember, TarPart, number, read_tar

END = bytes(1024)


def parts(data: bytes, limits: Limits | None = None) -> list[TarPart]:
    return list(read_tar(BytesSource(data), limits or Limits()))


def members(data: bytes) -> list[TarMember]:
    return [part for part in parts(data) if isinstance(part, TarMember)]


def oddities(data: bytes) -> list[tuple[str, str]]:
    return [(part.oddity, part.name) for part in parts(data) if isinstance(part, TarAnomaly)]


def gaps(data: bytes) -> list[str]:
    return [part.why for part in parts(data) if isinstance(part, TarGap)]


def made(*files: tuple[str, bytes], format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def entry(
    name: bytes,
    content: bytes = b"",
    type: bytes = b"0",
    link: bytes = b"",
    size: bytes | None = None,
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
) -> bytes:
    """One member by hand, for what no tool would write."""
    block = bytearray(name.ljust(100, b"\0") + b"0000644\0" * 3)
    block += size or b"%011o\0" % len(content)
    block += b"00000000000\0" + b" " * 8 + type + link.ljust(100, b"\0") + magic
    block = block.ljust(345, b"\0") + prefix.ljust(167, b"\0")
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + content.ljust(-(-len(content) // 512) * 512, b"\0")


def pax(*records: tuple[str, str], type: bytes = b"x") -> bytes:
    body = b""
    for key, value in records:
        rest = f" {key}={value}\n".encode()
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length += 1
        body += str(length).encode() + rest
    return entry(b"PaxHeader", body, type)


PATHS = st.lists(st.text(st.sampled_from("abc\u00e9 .-"), min_size=1, max_size=70), min_size=1, max_size=4).map(
    "/".join
)


@given(
    st.lists(st.tuples(PATHS, st.binary(max_size=1_100)), max_size=5),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_members_are_those_of_tarfile(files: list[tuple[str, bytes]], format: int) -> None:
    data = made(*files, format=format)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        expected = [(info.name, info.offset_data, info.size) for info in archive]
    assert [(member.name, member.at, member.size) for member in members(data)] == expected
    assert gaps(data) == []


def test_the_old_formats_are_read() -> None:
    data = made(("a" * 90 + "/" + "b" * 90, b"content"), format=tarfile.USTAR_FORMAT)
    (member,) = members(data)
    assert member.name == "a" * 90 + "/" + "b" * 90
    assert oddities(data) == []
    (old,) = members(entry(b"folder/", type=b"\0", magic=b"") + END)
    assert old.kind == "directory"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"0000644\0", 0o644),
        (b"    644 ", 0o644),
        (b"\0" * 8, 0),
        (b"\x80" + (5 << 33).to_bytes(11, "big"), 5 << 33),
        (b"\xff" * 12, -1),
        (b"12 34\0\0\0", None),
        (b"0000008\0", None),
        (b"\xe9000000\0", None),
    ],
)
def test_numbers_are_octal_or_base_256(field: bytes, value: int | None) -> None:
    assert number(field) == value


def test_a_size_in_base_256_is_followed() -> None:
    data = entry(b"a", b"xyz", size=b"\x80" + (3).to_bytes(11, "big")) + entry(b"b") + END
    assert [(member.name, member.size) for member in members(data)] == [("a", 3), ("b", 0)]


@pytest.mark.parametrize("size", [b"\xff" * 12, b"-0000000001\0", b"0000000zzz0\0"])
def test_a_size_that_is_none_ends_the_archive(size: bytes) -> None:
    data = entry(b"a", size=size) + entry(b"b") + END
    assert members(data) == []
    assert gaps(data) == ["no tar header where one must be"]


def test_an_enormous_size_is_a_cut_off_archive() -> None:
    data = entry(b"a", b"xyz", size=b"\x80" + b"\x7f" * 11) + END
    (member,) = members(data)
    assert member.size == len(data) - 512
    assert gaps(data) == ["the archive is cut off"]


def test_signed_checksums_count() -> None:
    block = bytearray(entry(b"\xe9t\xe9"))
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(byte - 256 * (byte > 127) for byte in block)
    (member,) = members(bytes(block) + END)
    assert member.name == "\\xe9t\\xe9"


@pytest.mark.parametrize(
    ("name", "oddity"),
    [
        (b"/etc/passwd", "path-escape"),
        (b"../x", "path-escape"),
        (b"a/../../x", "path-escape"),
        (b"..\\x", "path-escape"),
        (b"\\\\host\\x", "path-escape"),
        (b"C:\\x", "path-escape"),
        (b"c:/x", "path-escape"),
    ],
)
def test_paths_that_leave_the_folder(name: bytes, oddity: str) -> None:
    """CVE-2007-4559; NeMo: CVE-2025-23250, CVE-2025-23360."""
    assert [odd for odd, _ in oddities(entry(name, b"x") + END)] == [oddity]
    long_name = entry(b"././@LongLink", name + b"\0", b"L") + entry(b"a", b"x") + END
    assert [odd for odd, _ in oddities(long_name)] == [oddity]
    assert [odd for odd, _ in oddities(pax(("path", name.decode())) + entry(b"a", b"x") + END)] == [oddity]


@pytest.mark.parametrize("name", [b"a/../b", b"./a", b"a//b", b"...", b"..a/b", b"C:x", b"./"])
def test_paths_that_stay(name: bytes) -> None:
    assert oddities(entry(name, b"x") + END) == []


@pytest.mark.parametrize(
    ("name", "type", "target", "expected"),
    [
        (b"a", b"2", b"/etc/passwd", ["link-escape"]),
        (b"a", b"2", b"../x", ["link-escape"]),
        (b"d/a", b"2", b"../../x", ["link-escape"]),
        (b"d/a", b"2", b"../x", []),
        (b"a", b"2", b"b/c", []),
        (b"a", b"1", b"/etc/passwd", ["link-escape"]),
        (b"d/a", b"1", b"../x", ["link-escape"]),
        (b"d/a", b"1", b"d/b", []),
    ],
)
def test_links_that_leave_the_folder(name: bytes, type: bytes, target: bytes, expected: list[str]) -> None:
    data = entry(name, type=type, link=target) + END
    assert [odd for odd, _ in oddities(data)] == expected
    assert [
        odd for odd, _ in oddities(entry(b"././@LongLink", target, b"K") + entry(name, type=type) + END)
    ] == expected


def test_a_member_behind_a_planted_link_is_seen() -> None:
    """Extraction filters of Python were passed this way: CVE-2025-4330, CVE-2025-4517."""
    data = entry(b"link", type=b"2", link=b"folder") + entry(b"link/x", b"x") + entry(b"./link/../y", b"y") + END
    assert oddities(data) == [("planted-link", "link/x"), ("planted-link", "./link/../y")]
    chain = entry(b"here", type=b"2", link=b".") + entry(b"up", type=b"2", link=b"here/..") + END
    assert oddities(chain) == [("planted-link", "up")]


def test_duplicate_names_are_seen() -> None:
    data = made(("a", b"1"), ("b", b"2"), ("./a", b"3"))
    assert oddities(data) == [("duplicate-name", "./a")]
    assert oddities(entry(b"d", type=b"5") + entry(b"d/", type=b"5") + END) == []


@pytest.mark.parametrize("type", [b"3", b"4", b"6"])
def test_devices_and_fifos_are_seen(type: bytes) -> None:
    assert oddities(entry(b"x", type=type) + END) == [("special-file", "x")]


@pytest.mark.parametrize(
    "data",
    [
        entry(b"link", type=b"2", link=b"x", size=b"00000001000\0"),
        entry(b"folder", type=b"5", size=b"00000001000\0"),
        entry(b"x", magic=b"", prefix=b"elsewhere"),
        entry(b"x", magic=b"ustar  \0", prefix=b"elsewhere"),
        entry(b"long", b"one\0", b"L") + entry(b"long", b"two\0", b"L") + entry(b"x"),
        entry(b"long", b"one\0", b"L") + pax(("path", "two")) + entry(b"x"),
        pax(("size", "0")) + pax(("size", "512")) + entry(b"x", bytes(512)),
        pax(("comment", "x" * 400))[:-1] + b"x" + entry(b"x"),
        entry(b"long", b"n" * 5_000, b"L") + entry(b"x"),
    ],
)
def test_headers_that_readers_take_differently(data: bytes) -> None:
    """TARmageddon: the size of a pax header against that of the next one, CVE-2025-62518."""
    assert [odd for odd, _ in oddities(data + END)] == ["ambiguous-header"]


def test_a_pax_size_decides_where_the_next_header_is() -> None:
    hidden = entry(b"hidden", b"evil")
    data = pax(("size", str(len(hidden)))) + entry(b"a") + hidden + entry(b"b") + END
    assert [member.name for member in members(data)] == ["a", "b"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (
            pax(("path", "everywhere"), type=b"g") + entry(b"x") + END,
            "a global pax header that names or sizes all members",
        ),
        (entry(b"p", b"nonsense\n", b"x") + entry(b"x") + END, "a pax header that does not consist of records"),
        (entry(b"p", b"99 path=x\n", b"x") + entry(b"x") + END, "a pax header that does not consist of records"),
        (entry(b"p", b"0 path=x\n", b"x") + entry(b"x") + END, "a pax header that does not consist of records"),
        (pax(("size", "many")) + entry(b"x") + END, "a pax header whose size is no number"),
        (pax(("path", "a")) + END, "the archive ends where a member was announced"),
        (entry(b"p", bytes(2 << 20), b"x") + entry(b"x") + END, "an extension header of 2097152 bytes"),
        (pax(("path", "a"))[:515], "the archive is cut off"),
        (entry(b"x", b"content" * 100)[:800], "the archive is cut off"),
        (entry(b"x", b"content") + b"\1" * 512 + entry(b"y") + END, "no tar header where one must be"),
        (entry(b"x", b"content") + b"garbage", "the archive is cut off"),
    ],
)
def test_what_cannot_be_followed_is_a_gap(data: bytes, why: str) -> None:
    assert gaps(data) == [why]


@pytest.mark.parametrize("comment", ["comment", "mtime"])
def test_a_global_header_that_changes_no_member_is_ordinary(comment: str) -> None:
    """git archive writes one."""
    data = pax((comment, "1"), type=b"g") + entry(b"x", b"x") + END
    assert [member.name for member in members(data)] == ["x"]
    assert (oddities(data), gaps(data)) == ([], [])


@pytest.mark.parametrize("end", [bytes(512), bytes(10_240)])
def test_a_short_end_is_ordinary(end: bytes) -> None:
    data = entry(b"x", b"content") + end
    assert gaps(data) == []
    assert oddities(data) == []


@pytest.mark.parametrize("data", [entry(b"x", b"content"), entry(b"x", b"content")[:519], entry(b"x", b"c") + bytes(9)])
def test_without_an_end_mark_it_may_be_cut_off(data: bytes) -> None:
    assert gaps(data) == ["the archive has no end mark: it may be cut off"]
    assert [member.name for member in members(data)] == ["x"]


def test_data_after_the_end_is_seen() -> None:
    first = entry(b"x", b"content") + END
    (found,) = [part for part in parts(first + bytes(600_000) + b"more") if isinstance(part, TarAnomaly)]
    assert found.oddity == "data-after-end"
    assert found.at == (len(first) + 600_000) // 512 * 512


def test_sparse_files_are_gaps_and_what_follows_is_read() -> None:
    old = bytearray(entry(b"x", b"data" * 128, b"S"))
    old[482] = 1
    old[148:156] = b" " * 8
    old[148:156] = b"%06o\0 " % sum(old[:512])
    more = bytearray(512)
    more[504] = 1
    data = bytes(old[:512]) + bytes(more) + bytes(512) + bytes(old[512:]) + entry(b"y") + END
    assert [(member.name, member.kind, member.at) for member in members(data)] == [
        ("x", "sparse", 1536),
        ("y", "file", 2560),
    ]
    assert gaps(data) == ["a sparse file: its holes are not filled in"]
    new = pax(("GNU.sparse.major", "1"), ("GNU.sparse.name", "real")) + entry(b"fake", b"1\n0\n") + END
    assert [(member.name, member.kind) for member in members(new)] == [("real", "sparse")]


def test_unknown_types_are_files_as_tarfile_has_it() -> None:
    (member,) = members(entry(b"x", b"content", b"Z") + END)
    assert (member.kind, member.size) == ("other", 7)


def test_the_limits_hold() -> None:
    assert [part.why for part in parts(entry(b"x") * 4 + END, Limits(entries=3)) if isinstance(part, TarGap)] == [
        "more than 3 members"
    ]


def test_the_names_are_bounded() -> None:
    def endless() -> Iterator[bytes]:
        index = 0
        while True:
            name = b"%d/" % index + b"n" * 4_000
            yield entry(b"long", name, b"L") + entry(b"x")
            index += 1

    found = list(read_tar(Stream(endless, Budget(1 << 40)), Limits()))
    assert isinstance(found[-1], TarGap)
    assert found[-1].why == "the names of the members take more than 16 MiB"


def test_a_stream_is_read_once() -> None:
    data = made(*((f"{index}", bytes(300_000)) for index in range(5)))
    passes = []

    def produce() -> Iterator[bytes]:
        passes.append(1)
        for at in range(0, len(data), 50_000):
            yield data[at : at + 50_000]

    stream = Stream(produce, Budget(1 << 40), keep=3)
    for part in read_tar(stream, Limits()):
        if isinstance(part, TarMember):
            assert stream.read(part.at, part.size) == bytes(part.size)
    assert passes == [1]


SAMPLE = made(("a", b"first" * 200), ("b" * 150, b"second"), ("c", b"")) + b"tail" * 200


@given(st.integers(0, len(SAMPLE)), st.binary(min_size=1, max_size=3))
def test_damage_never_passes_in_silence(at: int, inserted: bytes) -> None:
    damaged = SAMPLE[:at] + inserted + SAMPLE[at:]
    found = parts(damaged)
    quiet = not any(isinstance(part, TarAnomaly | TarGap) for part in found)
    assert not quiet
    assert gaps(SAMPLE[:at]) or members(SAMPLE[:at]) == members(SAMPLE)[: len(members(SAMPLE[:at]))]


@given(st.binary(max_size=600), st.data())
def test_any_bytes_are_read_without_an_error(noise: bytes, data: st.DataObject) -> None:
    block = bytearray(noise.ljust(512, b"\0")[:512])
    block[124:136] = data.draw(st.sampled_from([b"00000000010\0", b"\x80" + b"\xff" * 11, b"            "]))
    block[156:157] = data.draw(st.sampled_from([b"0", b"L", b"x", b"g", b"S", b"1", b"5", b"\0"]))
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    for part in parts(bytes(block) + noise):
        assert isinstance(part, TarMember | TarAnomaly | TarGap)
