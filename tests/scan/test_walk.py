"""One file is examined: every reading of it, and every file inside it, within limits."""

from __future__ import annotations

import gzip
import pickle
import zlib

import pytest
from tests.cases.build import SYSTEM, member, npy_header, tar, torch_members
from tests.corpus.files import npy, zipped
from tests.corpus.opcodes import (
    NONE,
    array,
    blob,
    build,
    call,
    mapping,
    name,
    namespace,
    new,
    number,
    stacked,
    stream,
    text,
    tup,
)
from tests.formats.zips import archive, plain

from modelward.checks.scan.examiners import EXAMINERS, NOT_READ
from modelward.checks.scan.model import FileScan
from modelward.checks.scan.walk import examine
from modelward.core.limits import Limits
from modelward.formats.source import BytesSource

EVIL = stream(call(SYSTEM, text("true")))
PLAIN = stream(mapping(a=number(1)))
DANGER = "pickle-dangerous-call"
UNKNOWN = b"\xfe\xca\x01\x02" * 20


def scan(data: bytes, limits: Limits | None = None) -> FileScan:
    return examine(BytesSource(data), limits or Limits())


def found(data: bytes, limits: Limits | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """The findings that are more than an info, with where they are."""
    return [(one.rule.id, one.at.inside) for one in scan(data, limits).findings if one.severity]


def gaps(data: bytes, limits: Limits | None = None) -> list[str]:
    return [gap.why for gap in scan(data, limits).unexamined]


# --- readings ---


def test_all_readings_are_examined() -> None:
    """The head is a pickle, the tail an archive: each loader takes its own."""
    both = scan(stream(call(name("somewhere", "head"))) + archive(plain(b"a.pkl", EVIL)))
    assert both.formats == ("pickle", "zip")
    said = {(one.rule.id, one.at.inside) for one in both.findings}
    assert {("pickle-unknown-function", ()), (DANGER, ("a.pkl",)), ("zip-prepended-data", ())} <= said


@pytest.mark.parametrize(
    ("data", "formats"),
    [
        (b"plain text\n", ("text",)),
        (b'{"hidden_size": 8}\n', ("json",)),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), ("image",)),
    ],
)
def test_what_nothing_loads_is_clean(data: bytes, formats: tuple[str, ...]) -> None:
    result = scan(data)
    assert result == FileScan(formats, (), (), len(data), len(data))


def test_what_is_not_known_is_a_gap() -> None:
    result = scan(UNKNOWN)
    assert [gap.why for gap in result.unexamined] == ["not a format that is known here"]
    assert result.examined == 0


def test_what_is_known_and_not_read_is_a_gap() -> None:
    assert gaps(b"PAR1" + bytes(16) + b"PAR1") == ["a Parquet table: recognised, but not read by this version"]


def test_no_format_is_both_read_and_not() -> None:
    assert EXAMINERS.keys() & NOT_READ.keys() == set()


def test_an_empty_file_is_a_gap() -> None:
    assert gaps(b"") == ["an empty file"]
    assert gaps(archive(plain(b"empty", b""))) == []


def test_a_pointer_of_git_lfs_is_a_gap_with_a_remedy() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    (gap,) = scan(pointer).unexamined
    assert "Git LFS" in gap.why
    assert gap.do == "git lfs pull"


@pytest.mark.parametrize("word", [b"storages", b"data.pkl", b"fade"])
def test_a_word_may_be_all_that_is_left_of_a_file(word: bytes) -> None:
    assert gaps(word) == ["too short to tell from the beginning of a file that was cut off"]
    assert gaps(word + b"\n") == []
    assert gaps(archive(plain(b"word", word))) == []


# --- pickles that do not announce themselves ---


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"(S'true'\nios\nsystem\n.",
        SYSTEM + tup(text("true")) + pickle.REDUCE + pickle.STOP,
        b"GIF89a\1\0\1" + EVIL,  # to an unpickler the head of the picture is a number
        b"cos\nsystem\n(S'true'\ntR and no end",
    ],
)
def test_a_pickle_without_a_head_is_found(data: bytes) -> None:
    result = scan(data)
    assert result.formats[0] == "pickle"
    assert any(one.rule.id.startswith("pickle-") for one in result.findings) or result.unexamined


@pytest.mark.parametrize("data", [b"(S'a text that was cut", b"cos", b"cmodel\n", b"(lp0\nS'a'\np1", b"(dp0\nS'key'\n"])
def test_the_beginning_of_a_pickle_is_a_gap(data: bytes) -> None:
    assert "this could be the beginning of a pickle" in gaps(data)


# a MANIFEST.in: INST, a module and a name
MANIFEST = b"include *.md\nrecursive-include package *.txt *.marshal *.marshal.3\n"


@pytest.mark.parametrize(
    "data", [b"(See the licence.)", b"I am here\n", b"N.B. this\n", b"Pipfile\n.venv\n", b"cat\ndog\nemu\n", MANIFEST]
)
def test_prose_is_no_pickle(data: bytes) -> None:
    assert scan(data).formats == ("text",)
    assert gaps(data) == []


def test_a_damaged_pickle_is_no_plain_text() -> None:
    assert gaps(b"#cos\nsystem\n(S'true'\ntR.") == ["a text that holds what reads as pickle instructions"]


# --- streams that one byte too many makes harmless ---


def test_a_pickle_swallowed_by_a_text_is_seen() -> None:
    """The inserted opcode takes the first byte of the payload for a length, and the rest for a text."""
    payload = call(name("os", "system"), text("x" * 81))
    assert found(stream(payload, protocol=2)) == [(DANGER, ())]
    assert len(payload) == 1 + ord("c")
    assert gaps(stream(pickle.SHORT_BINSTRING, payload, protocol=2)) == ["not a format that is known here"]


@pytest.mark.parametrize("opcode", [pickle.SHORT_BINBYTES, pickle.SHORT_BINUNICODE, pickle.SHORT_BINSTRING])
def test_a_pickle_of_nothing_but_a_pickle_is_opened(opcode: bytes) -> None:
    inner = b"cos\nsystem\n(S'" + b"x" * 80 + b"'\ntR."
    (finding,) = [one for one in scan(stream(opcode, bytes([len(inner)]), inner)).findings if one.severity]
    assert finding.rule.id == DANGER
    assert len(finding.at.inside) == 1


@pytest.mark.parametrize("value", ["a text", "größer als ASCII", "a long text " * 100, b"bytes of text " * 20, 7, 2.5])
@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_one_ordinary_value_is_clean(value: object, protocol: int) -> None:
    assert gaps(pickle.dumps(value, protocol)) == []


def test_a_huge_number_alone_is_a_gap() -> None:
    assert gaps(stream(pickle.LONG1, b"\x32" + bytes(0x31) + b"\1")) == ["the stream is one huge number"]
    assert gaps(pickle.dumps([1 << 400])) == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (stream(text("os"), NONE), "the stream leaves values behind, as no pickler does"),
        (stream(pickle.MARK, NONE), "the stream leaves values behind, as no pickler does"),
        (stream(call(text("os.system"), text("true"))), "what is called here is no function: loading fails"),
        (stream(name("no\tmodule", "f")), "what is imported here has a name that nothing has: loading fails"),
        (stream(stacked(text("a\0b"), text("f"))), "what is imported here has a name that nothing has: loading fails"),
    ],
)
def test_what_no_pickler_writes_is_a_gap(data: bytes, why: str) -> None:
    assert gaps(data) == [why]


def test_what_picklers_write_leaves_nothing_behind() -> None:
    itself: list[object] = []
    itself.append((itself, {"a": itself}))
    for protocol in range(6):
        assert gaps(pickle.dumps(itself, protocol)) == []


# --- what is nested ---


def test_containers_are_opened_and_the_way_is_told() -> None:
    inner = gzip.compress(archive(plain(b"b.npy", npy(npy_header("'|O'", "(1,)"), EVIL))), mtime=0)
    assert (DANGER, ("a.gz", "<gzip content>", "b.npy", "<pickle>")) in found(tar(member(b"a.gz", inner)))


def test_containers_beyond_the_limit_of_depth_are_a_gap() -> None:
    data = EVIL
    for _ in range(3):
        data = zlib.compress(data)
    assert found(data, Limits(depth=3)) != []
    assert found(data, Limits(depth=2)) == []
    assert gaps(data, Limits(depth=2)) == ["more than 2 containers inside each other"]


def test_what_expands_beyond_the_limit_is_a_gap() -> None:
    data = gzip.compress(bytes(1 << 20) + EVIL, mtime=0)
    assert any("more than the limit" in why for why in gaps(data, Limits(expanded_bytes=1 << 18)))


def test_bytes_that_are_unpickled_are_opened() -> None:
    loads = name("torch.storage", "_load_from_bytes")
    assert [rule for rule, inside in found(stream(call(loads, blob(EVIL)))) if inside] == [DANGER]


def storage(data: bytes) -> bytes:
    kind = name("torch", "ByteStorage")
    pid = tup(text("storage"), kind, text("0"), text("cpu"), number(len(data)))
    return zipped(torch_members(stream(pid, pickle.BINPERSID)) | {"m/data/0": data})


def test_numbers_are_not_asked_what_they_are() -> None:
    """What the pickle says is a tensor is raw numbers, and numbers may look like anything a bit."""
    assert gaps(storage(UNKNOWN)) == []
    assert found(storage(UNKNOWN)) == []


@pytest.mark.parametrize("hidden", [EVIL, archive(plain(b"a.pkl", EVIL)), gzip.compress(EVIL, mtime=0)])
def test_a_file_among_the_numbers_is_found(hidden: bytes) -> None:
    assert DANGER in [rule for rule, _ in found(storage(hidden))]


# --- how much is said ---


def functions(count: int) -> bytes:
    return stream(*(call(name("somewhere", f"f{index}")) + pickle.POP for index in range(count)), NONE)


def classes(count: int) -> bytes:
    return b"".join(new(name("somewhere", f"C{index}")) + pickle.POP for index in range(count))


def test_findings_are_limited_and_that_is_said() -> None:
    assert len(found(functions(20), Limits(findings=10))) == 10
    assert gaps(functions(20), Limits(findings=10)) == [
        "more findings than the limit; the rest of the file was left alone"
    ]
    assert len(found(functions(9), Limits(findings=10))) == 9
    assert gaps(functions(9), Limits(findings=10)) == []


def test_minor_findings_do_not_crowd_out_graver_ones() -> None:
    result = scan(stream(classes(100), call(SYSTEM, text("true"))), Limits(findings=10))
    assert result.findings[0].rule.id == DANGER
    assert len(result.findings) == 11
    assert [gap.why for gap in result.unexamined] == ["more minor findings than the limit; only graver ones follow"]


def test_an_info_is_said_once() -> None:
    data = archive(plain(b"a.pkl", PLAIN), plain(b"b.pkl", PLAIN))
    assert [one.rule.id for one in scan(data).findings] == ["code-capable-format"]


def test_gaps_are_said_once_each() -> None:
    data = tar(member(b"a", UNKNOWN), member(b"b", UNKNOWN))
    assert [gap.at.inside for gap in scan(data).unexamined] == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("data", "examined"),
    [
        (PLAIN, len(PLAIN)),
        (EVIL[:-1], len(EVIL) - 1),
        (PLAIN + b"\xff garbage", len(PLAIN)),
        (UNKNOWN, 0),
        (tar(member(b"a", UNKNOWN)), 0),
    ],
)
def test_bytes_up_to_the_first_gap_count_as_examined(data: bytes, examined: int) -> None:
    result = scan(data)
    assert (result.size, result.examined) == (len(data), examined)


# --- the verdict rests on facts of the stream, not on how it is cut up ---


@pytest.mark.parametrize("protocol", [None, 0, 1, 2, 3, 4, 5])
def test_protocols_make_no_difference(protocol: int | None) -> None:
    assert found(stream(call(SYSTEM, text("true")), protocol=protocol)) == [(DANGER, ())]


@pytest.mark.parametrize("before", [b"", PLAIN, PLAIN * 50, stream(array(*[number(i) for i in range(200)]))])
def test_streams_before_make_no_difference(before: bytes) -> None:
    assert found(before + EVIL) == [(DANGER, ())]


def test_an_object_of_many_parts_is_judged_whole() -> None:
    state = mapping(**{f"key{index}": number(index) for index in range(500)}, append=SYSTEM)
    assert "pickle-planted-method" in [rule for rule, _ in found(stream(build(namespace(), state)))]
