"""The reader of safetensors headers, beside the library that everyone loads them with."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
import safetensors
from hypothesis import given, settings
from hypothesis import strategies as st

from modelward.core.limits import Limits
from modelward.formats import safetensors as reader
from modelward.formats.safetensors import BITS, Invariant, SafetensorsFacts, read_safetensors
from modelward.formats.source import BytesSource

LIMITS = Limits()


def build(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def tensor(start: int, end: int, dtype: str = "U8", shape: object = None, **more: object) -> dict[str, object]:
    return {"dtype": dtype, "shape": [end - start] if shape is None else shape, "data_offsets": [start, end], **more}


def read(raw: bytes, limits: Limits = LIMITS) -> SafetensorsFacts:
    return read_safetensors(BytesSource(raw), limits)


def violated(facts: SafetensorsFacts) -> list[Invariant]:
    return [violation.invariant for violation in facts.violations]


def is_clean(raw: bytes) -> bool:
    facts = read(raw)
    return not facts.violations and not facts.gaps


def loads(raw: bytes) -> bool:
    try:
        safetensors.deserialize(raw)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError:
        return False
    return True


VALID = build(
    {"__metadata__": {"format": "pt"}, "w": tensor(0, 8, "F32", [2, 1]), "b": tensor(8, 10, "BF16", [])}, b"0123456789"
)


def test_facts() -> None:
    facts = read(VALID)
    data_at = len(VALID) - 10
    assert [(t.name, t.dtype, t.shape, t.start - data_at, t.end - data_at) for t in facts.tensors] == [
        ("w", "F32", (2, 1), 0, 8),
        ("b", "BF16", (), 8, 10),
    ]
    assert facts.metadata == {"format": "pt"}
    assert (facts.violations, facts.gaps, facts.uncovered) == ((), (), ())


@pytest.mark.parametrize("dtype", sorted(BITS))
def test_every_dtype_has_the_library_s_size(dtype: str) -> None:
    raw = build({"a": tensor(0, BITS[dtype], dtype, [2, 4])}, bytes(BITS[dtype]))
    assert loads(raw)
    assert is_clean(raw)


@pytest.mark.parametrize(
    "raw",
    [
        build({}),
        build({"__metadata__": {}}),
        build(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}' + b" " * 100, b"x"),
        build(b'{\n  "a" : {"dtype":"U8",\t"shape":[1],"data_offsets":[0,1]}\r\n}', b"x"),
        build({"b": tensor(1, 2), "a": tensor(0, 1), "none": tensor(1, 1), "0": tensor(0, 0, "F4", [7, 0])}, b"xy"),
        build({"größe \U0001f600\u2028 \x7f": tensor(0, 0), "": tensor(0, 0), "../a\0b": tensor(0, 0)}),
        build('{"größe":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'.encode()),
        build({"a": tensor(0, 1, shape=[1] * 1000)}, b"x"),
    ],
    ids=range(8),
)
def test_unusual_but_valid(raw: bytes) -> None:
    assert loads(raw)
    assert is_clean(raw)


U8 = b'{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'

# One case at least for each invariant, and the library's opinion: True where it loads the file all the same.
BROKEN: list[tuple[bytes, list[Invariant], bool]] = [
    ((100_000_001).to_bytes(8, "little") + b"{}", [Invariant.HEADER_LENGTH], False),
    (b"\xff" * 8 + b"{}", [Invariant.HEADER_LENGTH], False),
    (build(b'{"\xff":' + U8 + b"}", b"x"), [Invariant.HEADER_ENCODING], False),
    (build(b'{"\xed\xa0\x80":' + U8 + b"}", b"x"), [Invariant.HEADER_ENCODING], False),
    (build(b'{"\xc0\xaf":' + U8 + b"}", b"x"), [Invariant.HEADER_ENCODING], False),
    (build(b' {"a":' + U8 + b"}", b"x"), [Invariant.HEADER_START], True),
    (build(b'\xef\xbb\xbf{"a":' + U8 + b"}", b"x"), [Invariant.HEADER_START], False),
    (build(b"[]"), [Invariant.HEADER_START], False),
    (build(b""), [Invariant.HEADER_START], False),
    (build(b'{"a":' + U8 + b",}", b"x"), [Invariant.HEADER_JSON], False),
    (build(b'{"a":' + U8 + b"}{}", b"x"), [Invariant.HEADER_JSON], False),
    (build(b'{"a":' + U8 + b"}\0", b"x"), [Invariant.HEADER_JSON], False),
    (build(b'{"a\n":' + U8 + b"}", b"x"), [Invariant.HEADER_JSON], False),
    (build(b'{"a":NaN}', b"x"), [Invariant.HEADER_JSON], False),
    (build(b'{"a":' + b"[" * 100_000, b"x"), [Invariant.HEADER_JSON], False),
    (build(b'{"a":' + b"[" * 1_000 + b"]" * 1_000 + b"}"), [Invariant.HEADER_JSON], False),
    (build(b'{"a":' + U8 + b"}\n", b"x"), [Invariant.HEADER_PADDING], True),
    (build(b'{"a":' + U8 + b"} \t", b"x"), [Invariant.HEADER_PADDING], True),
    (build(b'{"a":' + U8 + b',"a":' + U8 + b"}", b"x"), [Invariant.UNIQUE_KEYS], True),
    (build(b'{"a":' + U8 + b',"\\u0061":' + U8 + b"}", b"x"), [Invariant.UNIQUE_KEYS], True),
    (build(b'{"__metadata__":{"a":"","a":""},"a":' + U8 + b"}", b"x"), [Invariant.UNIQUE_KEYS], True),
    (build(b'{"__metadata__":{},"__metadata__":{}}'), [Invariant.UNIQUE_KEYS], False),
    (build(b'{"a":{"shape":[0],"shape":[0],"dtype":"U8","data_offsets":[0,0]}}'), [Invariant.UNIQUE_KEYS], False),
    (build({"__metadata__": {"a": 1}}), [Invariant.METADATA_TEXT], False),
    (build({"__metadata__": {"a": {"b": "c"}}}), [Invariant.METADATA_TEXT], False),
    (build({"__metadata__": {"\ud800": "a"}}), [Invariant.METADATA_TEXT], False),
    (build({"__metadata__": {"a": "\udfff"}}), [Invariant.METADATA_TEXT], False),
    (build({"__metadata__": "pt"}), [Invariant.METADATA_TEXT], False),
    (build({"__metadata__": None}), [Invariant.METADATA_TEXT], True),
    (build({"a": {"dtype": "U8", "shape": [0]}}), [Invariant.ENTRY_FIELDS], False),
    (build({"a": "text"}), [Invariant.ENTRY_FIELDS], False),
    (build({"\udc80": tensor(0, 0)}), [Invariant.ENTRY_FIELDS], False),
    (build({"a": {"dtype": 8, "shape": [0], "data_offsets": [0, 0]}}), [Invariant.ENTRY_FIELDS], False),
    (build({"a": ["U8", [0], [0, 0]]}), [Invariant.ENTRY_FIELDS], True),
    (build({"a": {"dtype": {"U8": None}, "shape": [0], "data_offsets": [0, 0]}}), [Invariant.ENTRY_FIELDS], True),
    (build({"a": tensor(0, 1, extra=[{"x": None}])}, b"x"), [Invariant.ENTRY_KEYS], True),
    (build({"a": tensor(0, 1, "Q2_K")}, b"x"), [Invariant.KNOWN_DTYPE], False),
    (build({"a": tensor(0, 1, "u8")}, b"x"), [Invariant.KNOWN_DTYPE], False),
    (build({"a": tensor(0, 0, shape=[-1])}), [Invariant.SHAPE], False),
    (build(b'{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}'), [Invariant.SHAPE], False),
    (build(b'{"a":{"dtype":"U8","shape":[0,' + b"9" * 50_000 + b'],"data_offsets":[0,0]}}'), [Invariant.SHAPE], False),
    (build({"a": tensor(0, 0, shape=[0.0])}), [Invariant.SHAPE], False),
    (build({"a": tensor(0, 0, shape=[False])}), [Invariant.SHAPE], False),
    (build({"a": tensor(0, 0, shape=["0"])}), [Invariant.SHAPE], False),
    (build({"a": tensor(0, 0, shape=0)}), [Invariant.SHAPE], False),
    (build({"a": tensor(0, 0, shape=[1 << 64, 0])}), [Invariant.SHAPE], False),
    (build({"a": tensor(0, 0, shape=[1 << 32, 1 << 32])}), [Invariant.SIZE_OVERFLOW], False),
    (build({"a": tensor(0, 0, shape=[1 << 32, 1 << 32, 0])}), [Invariant.SIZE_OVERFLOW], False),
    (build({"a": tensor(0, 0, "F64", shape=[1 << 60])}), [Invariant.SIZE_OVERFLOW], False),
    (build({"a": tensor(0, 1, "F4", shape=[1])}, b"x"), [Invariant.WHOLE_BYTES], False),
    (build({"a": tensor(0, 1, "F6_E2M3", shape=[2])}, b"x"), [Invariant.WHOLE_BYTES], False),
    (build({"a": tensor(1, 0, shape=[1])}), [Invariant.OFFSETS], False),
    (build({"a": {"dtype": "U8", "shape": [0], "data_offsets": [0]}}), [Invariant.OFFSETS], False),
    (build({"a": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0, 0]}}), [Invariant.OFFSETS], False),
    (build({"a": {"dtype": "U8", "shape": [0], "data_offsets": [-1, 0]}}), [Invariant.OFFSETS], False),
    (build({"a": tensor(0, 2, shape=[1])}, b"xy"), [Invariant.SIZE], False),
    (build({"a": tensor(0, 1, shape=[2])}, b"x"), [Invariant.SIZE], False),
    (build({"a": tensor(0, 2), "b": tensor(1, 3)}, b"xyz"), [Invariant.NO_OVERLAP], False),
    (build({"a": tensor(0, 2), "b": tensor(0, 2)}, b"xy"), [Invariant.NO_OVERLAP], False),
    (build({"a": tensor(0, 2), "b": tensor(1, 1)}, b"xy"), [Invariant.NO_OVERLAP], False),
    (build({"a": tensor(1, 2)}, b"xy"), [Invariant.NO_HOLE], False),
    (build({"a": tensor(0, 1), "b": tensor(2, 3)}, b"xyz"), [Invariant.NO_HOLE], False),
    (build({"a": tensor(0, 1)}, b"xy"), [Invariant.NO_TRAILER], False),
    (build({}, b"x"), [Invariant.NO_TRAILER], False),
]


@pytest.mark.parametrize(("raw", "expected", "library_loads"), BROKEN, ids=range(len(BROKEN)))
def test_each_invariant_is_told_apart(raw: bytes, expected: list[Invariant], library_loads: bool) -> None:
    assert violated(read(raw)) == expected
    assert loads(raw) is library_loads


def test_every_invariant_has_a_case() -> None:
    assert {invariant for _, expected, _ in BROKEN for invariant in expected} == set(Invariant)


def test_uncovered_bytes_are_named() -> None:
    raw = build({"a": tensor(1, 2), "b": tensor(4, 5)}, b"0123456789")
    data_at = len(raw) - 10
    assert [(start - data_at, end - data_at) for start, end in read(raw).uncovered] == [(0, 1), (2, 4), (5, 10)]


@pytest.mark.parametrize("raw", [build(b"no", b"data"), b"\xff" * 8 + b"data", build(b"{}")[:8] + b"{"])
def test_what_follows_an_unreadable_header_is_uncovered(raw: bytes) -> None:
    ((_, end),) = read(raw).uncovered
    assert end == len(raw)


def test_unknown_dtype_is_a_gap_too() -> None:
    facts = read(build({"a": tensor(0, 1, "F2"), "b": tensor(1, 2, "F2")}, b"xy"))
    (gap,) = facts.gaps
    assert "'F2'" in gap.why and "2 tensors" in gap.why
    assert violated(facts) == [Invariant.KNOWN_DTYPE]


def test_one_note_for_a_key_that_many_entries_have() -> None:
    facts = read(build({f"t{i}": tensor(0, 0, scale=1) for i in range(2_000)}))
    assert violated(facts) == [Invariant.ENTRY_KEYS]
    assert facts.gaps == ()


def test_the_limit_of_findings_is_a_gap() -> None:
    facts = read(build({f"t{i}": tensor(2 * i + 1, 2 * i + 2) for i in range(50)}, bytes(100)), Limits(findings=20))
    assert len(facts.violations) == len(facts.uncovered) == 20
    assert len(facts.gaps) == 1


@pytest.mark.parametrize("end", range(len(VALID)))
def test_every_truncation_is_a_gap(end: int) -> None:
    facts = read(VALID[:end])
    assert [gap.cut_short for gap in facts.gaps] == [True]
    assert facts.violations == ()


@given(st.integers(0, len(VALID) - 1), st.integers(0, 255))
@settings(max_examples=500, deadline=None)
def test_no_inserted_byte_goes_unnoticed(at: int, byte: int) -> None:
    assert not is_clean(VALID[:at] + bytes([byte]) + VALID[at:])


@given(st.binary(min_size=1, max_size=50))
@settings(deadline=None)
def test_no_suffix_goes_unnoticed(suffix: bytes) -> None:
    facts = read(VALID + suffix)
    assert violated(facts) == [Invariant.NO_TRAILER]
    assert facts.uncovered == ((len(VALID), len(VALID) + len(suffix)),)


# What the library lets pass, and the format's text forbids or does not mention.
LENIENT = {
    Invariant.UNIQUE_KEYS,
    Invariant.ENTRY_KEYS,
    Invariant.HEADER_PADDING,
    Invariant.HEADER_START,
    Invariant.METADATA_TEXT,  # null
}


def agrees_with_the_library(raw: bytes) -> None:
    """Clean means that the library loads it; what the library refuses is never clean."""
    facts = read(raw)
    if loads(raw):
        assert set(violated(facts)) <= LENIENT
        assert facts.gaps == ()
    else:
        assert facts.violations or facts.gaps


def consistent(tensors: list[tuple[str, int]]) -> tuple[dict[str, Any], int]:
    """A valid header for tensors of these types and counts, and the size of their data."""
    header, at = {}, 0
    for number, (dtype, count) in enumerate(tensors):
        end = at + BITS[dtype] * count // 8
        header[f"t{number}"] = tensor(at, end, dtype, [count])
        at = end
    return header, at


some_tensors = st.lists(st.tuples(st.sampled_from(["U8", "F4", "I16"]), st.integers(0, 3)), min_size=1, max_size=4)
numbers = st.sampled_from([0, 1, 2, 3, 4, -1, 1 << 32, (1 << 64) - 1, 1 << 64, 1.0, True, None, "1"])
fields = st.sampled_from(["dtype", "shape", "data_offsets", "x"])
values = st.one_of(st.sampled_from(["U8", "F4", "F16", "X", "", None]), st.lists(numbers, max_size=3), numbers)


@given(
    some_tensors,
    st.lists(st.tuples(st.integers(0, 3), fields, values), max_size=2),
    st.sampled_from([{}, {"a": "b"}, {"a": "\ud800"}, {"\udfff": "b"}, {"a": 1}, None, "", []]),
    st.sampled_from([b"", b"", b" ", b"\n", b"\0", b"}"]),
    st.sampled_from([0, 0, 1, -1]),
)
@settings(max_examples=400, deadline=None)
def test_changed_fields(
    tensors: list[tuple[str, int]], changes: list[tuple[int, str, Any]], metadata: Any, padding: bytes, more: int
) -> None:
    header, size = consistent(tensors)
    for place, key, value in changes:
        header[f"t{place % len(tensors)}"][key] = value
    header["__metadata__"] = metadata
    agrees_with_the_library(build(json.dumps(header).encode() + padding, bytes(max(0, size + more))))


@given(
    some_tensors,
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(b'0123456789{}[]",:- \n\\uUa\x80')), max_size=2),
)
@settings(max_examples=400, deadline=None)
def test_changed_characters(tensors: list[tuple[str, int]], changes: list[tuple[int, int]]) -> None:
    header, size = consistent(tensors)
    text = bytearray(json.dumps(header).encode())
    for place, byte in changes:
        text[place % len(text)] = byte
    agrees_with_the_library(build(bytes(text), bytes(size)))


@given(st.binary(max_size=100), st.binary(max_size=200), st.booleans())
@settings(deadline=None)
def test_garbage_never_raises(start: bytes, rest: bytes, framed: bool) -> None:
    raw = build(b"{" + start, rest) if framed else start + rest
    if not loads(raw):
        facts = read(raw)
        assert facts.violations or facts.gaps


def test_a_long_header_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    header = json.dumps({"__metadata__": {"a": "x" * 1000}}).encode()
    assert is_clean(build(header))
    (gap,) = read(build(header), Limits(header_bytes=1_000)).gaps
    assert not gap.cut_short
    monkeypatch.setattr(reader, "MAX_PARSED", 1_000)
    assert len(read(build(header)).gaps) == 1


def test_text_outside_ascii_counts_four_times() -> None:
    header = json.dumps({"__metadata__": {"a": "x" * 1000 + "ü"}}, ensure_ascii=False).encode()
    assert len(read(build(header), Limits(header_bytes=4_000)).gaps) == 1
    assert read(build(header), Limits(header_bytes=5_000)).gaps == ()


@pytest.mark.parametrize(
    "header",
    [
        b'{"a":[' + b"{}," * 2_500_000 + b"{}]}",
        b'{"a":[' + b"[]," * 120_000 + b"[]]}",
        b"{" + b",".join(b'"%d":{"":0}' % i for i in range(60_000)) + b"}",
        b'{"__metadata__":{"a":"\\ud83d\\ude00' + b"x" * 9_000_000 + b'"}}',
        b'{"' + b"\\n" * 4_500_000 + b'":0}',
    ],
    ids=["many values", "empty lists", "small objects", "wide text", "escapes"],
)
def test_memory_stays_bounded(header: bytes) -> None:
    source = BytesSource(build(header))
    tracemalloc.start()
    try:
        read_safetensors(source, LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 75_000_000
    finally:
        tracemalloc.stop()
