"""Archives and compressed streams: what they hold is handed on, what is odd is said."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator

import pytest

from modelward.checks.scan.archives.rules_archive import (
    RULES,
    examine_compressed,
    examine_tar,
    examine_unreadable_archive,
)
from modelward.checks.scan.here import Here, Nested, Said
from modelward.core.artifact import Source
from modelward.core.finding import Finding, Unexamined
from modelward.core.limits import Limits
from modelward.formats.source import Budget, BytesSource

Heard = list[tuple[str, str]]


def here(limits: Limits | None = None) -> Here:
    return Here((), limits or Limits(), Budget(1 << 40))


def hear(said: Iterator[Said]) -> Heard:
    """Each word as (kind, text); the content of what is nested is read when it comes up."""
    heard: Heard = []
    for word in said:
        match word:
            case Nested(name, source):
                heard.append((f"nested {name}", read(source)))
            case Finding(rule, _, message):
                heard.append((rule.id, message))
            case Unexamined():
                heard.append(("unexamined", word.why))
    return heard


def read(source: Source) -> str:
    return source.read(0, 1 << 20).decode("latin-1")


def tarred(*members: tuple[str, bytes, str]) -> bytes:
    """Members as (name, type, content or link target)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(content)
            else:
                info.linkname = content
            archive.addfile(info, io.BytesIO(content.encode()))
    return buffer.getvalue()


FILE, LINK, HARD, FIFO, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE
ORDINARY = tarred(("model", FOLDER, ""), ("model/a", FILE, "first"), ("model/b", FILE, ""), ("model/c", LINK, "a"))


def test_an_ordinary_tar_is_its_files() -> None:
    assert hear(examine_tar(BytesSource(ORDINARY), here())) == [("nested model/a", "first"), ("nested model/b", "")]


@pytest.mark.parametrize(
    ("members", "rule", "message"),
    [
        ([("../a", FILE, "x")], "tar-path-escape", "../a: its path leaves the folder"),
        ([("a", LINK, "/etc/passwd")], "tar-link-escape", "a: it leads to /etc/passwd"),
        ([("a", HARD, "../b")], "tar-link-escape", "a: it leads to ../b"),
        ([("a", LINK, "b"), ("a/c", FILE, "x")], "tar-planted-link", "a/c: its path goes through the link a"),
        ([("a", FILE, "x"), ("./a", FILE, "x")], "tar-duplicate-name", "./a: a member of this name came before"),
        ([("a", FIFO, "")], "tar-special-file", "a: fifo"),
    ],
)
def test_what_harms_whoever_unpacks_is_a_finding(
    members: list[tuple[str, bytes, str]], rule: str, message: str
) -> None:
    found = [word for word in hear(examine_tar(BytesSource(tarred(*members)), here())) if "nested" not in word[0]]
    assert found == [(rule, message)]


def test_headers_that_readers_take_differently_are_a_finding() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("folder")
        info.type, info.size = tarfile.DIRTYPE, 512
        archive.addfile(info)
    assert hear(examine_tar(BytesSource(buffer.getvalue()), here())) == [
        ("tar-ambiguous-header", "folder/: a size where there is no data")
    ]


def test_data_after_the_end_is_a_finding_and_handed_on() -> None:
    data = ORDINARY + tarred(("hidden", FILE, "evil"))
    heard = hear(examine_tar(BytesSource(data), here()))
    assert heard[2] == ("tar-data-after-end", "data after the end of the archive")
    name, content = heard[3]
    assert name == f"nested <bytes {len(ORDINARY)}-{len(data)}>"
    assert content.startswith("hidden")


def test_a_tar_that_is_cut_off_is_examined_as_far_as_it_goes() -> None:
    data = tarred(("a", FILE, "first"), ("b", FILE, "second" * 100))[: 512 * 3 + 20]
    assert hear(examine_tar(BytesSource(data), here())) == [
        ("nested a", "first"),
        ("nested b", "secondsecondsecondse"),
        ("unexamined", "the archive is cut off"),
    ]


def test_a_name_cannot_fill_the_report() -> None:
    data = tarred(("../" + "n" * 3_000, FILE, "x"))
    ((_, message), _) = hear(examine_tar(BytesSource(data), here()))
    assert len(message) < 300


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
    "zlib": zlib.compress,
    "zfile": lambda content: b"ZF" + f"{len(content):#x}".ljust(19).encode() + zlib.compress(content),
}


@pytest.mark.parametrize("kind", COMPRESS)
def test_compressed_content_is_handed_on_and_so_is_what_follows_it(kind: str) -> None:
    data = COMPRESS[kind](b"content")
    assert hear(examine_compressed(kind, BytesSource(data), here())) == [(f"nested <{kind} content>", "content")]
    assert hear(examine_compressed(kind, BytesSource(data + b"more"), here())) == [
        (f"nested <{kind} content>", "content"),
        (f"nested <bytes {len(data)}-{len(data) + 4}>", "more"),
    ]


@pytest.mark.parametrize("kind", COMPRESS)
def test_a_problem_behind_what_the_content_s_examiner_read_still_comes_to_light(kind: str) -> None:
    data = COMPRESS[kind](b"content " * 50_000)[:-3]
    said = examine_compressed(kind, BytesSource(data), here())
    nested = next(said)
    assert isinstance(nested, Nested)
    assert nested.source.read(0, 7) == b"content"
    (gap,) = said
    assert isinstance(gap, Unexamined)
    assert gap.why.startswith("the compressed data is cut off (after ")


def test_a_bomb_is_unexamined() -> None:
    data = gzip.compress(bytes(70 << 20))
    assert hear(examine_compressed("gzip", BytesSource(data), here()))[1][0] == "unexamined"


@pytest.mark.parametrize("kind", ["7z", "rar"])
def test_an_archive_that_scanners_cannot_open_is_a_finding(kind: str) -> None:
    """nullifAI: models on a hub that were 7z archives, passed over by its scanners."""
    assert [name for name, _ in hear(examine_unreadable_archive(kind, BytesSource(b""), here()))] == [
        "unreadable-archive",
        "unexamined",
    ]


@pytest.mark.parametrize("kind", ["lz4", "zstd"])
def test_a_stream_that_cannot_be_opened_is_unexamined(kind: str) -> None:
    assert [name for name, _ in hear(examine_unreadable_archive(kind, BytesSource(b""), here()))] == ["unexamined"]


def test_every_rule_can_be_explained() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) == 8
    assert all(rule.title[0].islower() and rule.why and rule.do and rule.references for rule in RULES)
