"""The reader of npy headers, beside numpy."""

from __future__ import annotations

import io
import tokenize
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib import format as npy_format

from modelward.core.limits import Limits
from modelward.formats import npy
from modelward.formats.npy import Expectation, NpyFacts, read_npy
from modelward.formats.source import BytesSource

LIMITS = Limits()


def save(array: np.ndarray[Any, Any], version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy warns of every version but 1.0
        npy_format.write_array(file, array, version)
    return file.getvalue()


def build(header: str, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode("utf-8" if version == (3, 0) else "latin-1")
    return npy.MAGIC + bytes(version) + len(text).to_bytes(2 if version == (1, 0) else 4, "little") + text + data


def header_of(descr: object, shape: object = (2,), order: object = False) -> str:
    return f"{{'descr': {descr!r}, 'fortran_order': {order!r}, 'shape': {shape!r}, }}   \n"


def read(raw: bytes, limits: Limits = LIMITS) -> NpyFacts:
    return read_npy(BytesSource(raw), limits)


def broken(facts: NpyFacts) -> list[Expectation]:
    return [problem.broken for problem in facts.problems]


def numpy_reads(raw: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]] | None:
    """What numpy makes of the header, or None where it refuses it."""
    file = io.BytesIO(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            version = npy_format.read_magic(file)
            readers = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}
            return readers[version](file)
        except (ValueError, TypeError, SyntaxError, tokenize.TokenError):
            return None


STRUCTURED: dict[str, Any] = {
    "plain": [("a", "<i4"), ("b", ">f8")],
    "nested": [("a", [("x", "u1"), ("y", [("z", "<M8[ns]")])]), ("b", "S3")],
    "subarray": [("a", "<f4", (2, 3)), ("b", "<U5", 4)],
    "subarray of subarray": [("a", (np.dtype(("<i2", (2,))), (3,)))],
    "array of records": [("a", [("x", "<i4"), ("y", "<f8", (2,))], (2, 2))],
    "titles": [(("title", "a"), "<i4"), (("other title", "b"), "<i4")],
    "aligned": np.dtype([("a", "u1"), ("b", "<f8"), ("c", "u1")], align=True),
    "no fields": [],
    "odd names": [("it's", "<i4"), ('"', "<i4"), ("back\\slash\n\t", "<i4"), ("ü\xff", "<i4")],
}

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    **{name: np.zeros(3, name) for name in ("?", "b", "B", "<i2", ">u4", "<i8", "e", "<f4", ">f8", "g", "F", "D", "G")},
    **{name: np.zeros((2, 1), name) for name in ("S5", "<U7", ">U2", "V9", "S0", "U0", "V0")},
    **{name: np.zeros(2, name) for name in ("<M8[ns]", ">m8[D]", "M8", "m8[25s]", "<M8[as]", "M8[Y]")},
    "scalar": np.array(1.5),
    "empty": np.zeros((0, 3), "<f4"),
    "fortran": np.asfortranarray(np.zeros((2, 3))),
    "many dimensions": np.zeros((1,) * 32, "u1"),
    **{name: np.zeros(2, descr) for name, descr in STRUCTURED.items()},
}


@pytest.mark.parametrize("name", ARRAYS)
def test_what_numpy_writes(name: str) -> None:
    array = ARRAYS[name]
    raw = save(array)
    facts = read(raw)
    assert (facts.problems, facts.gaps, facts.has_objects) == ((), (), False)
    assert (facts.version, facts.shape) == ((1, 0), array.shape)
    assert facts.fortran_order is (array.flags.f_contiguous and not array.flags.c_contiguous)
    assert facts.data_size == array.nbytes
    assert facts.data_at + array.nbytes == len(raw)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version(version: tuple[int, int]) -> None:
    facts = read(save(np.zeros(2, [("ü", "<i4")]), version))
    assert (facts.version, facts.descr, facts.data_size) == (version, [("ü", "<i4")], 8)
    assert (facts.problems, facts.gaps) == ((), ())


def test_names_outside_latin_1() -> None:
    facts = read(save(np.zeros(2, [("\u03c0\U0001f600", "<i4")])))
    assert (facts.version, facts.descr, facts.data_size) == ((3, 0), [("\u03c0\U0001f600", "<i4")], 8)


@pytest.mark.parametrize(
    "dtype",
    ["O", [("a", "O")], [("a", [("b", "<i4"), ("c", "O")])], [("a", "O", (2,))], [("a", [("b", "O")], 2), ("d", "i4")]],
    ids=str,
)
def test_objects_are_found_wherever_they_are(dtype: Any) -> None:
    facts = read(save(np.zeros(1, dtype)))
    assert facts.has_objects
    assert (facts.data_size, facts.problems, facts.gaps) == (None, (), ())


@pytest.mark.parametrize("descr", ["O", "|O8", "<O", ">O4", [("a", "|O8"), ("b", "|V3")]])
def test_objects_under_other_names(descr: object) -> None:
    assert read(build(header_of(descr), b"N.")).has_objects


def test_python_2_wrote_long_integers() -> None:
    raw = build("{'descr': '<i8', 'fortran_order': False, 'shape': (2L, 3L), }", bytes(48))
    assert read(raw).shape == (2, 3)
    assert numpy_reads(raw) == ((2, 3), False, np.dtype("<i8"))


HOSTILE: list[tuple[str, list[Expectation]]] = [
    ("__import__('os').system('echo')", [Expectation.LITERAL]),
    ("{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (2,)}", [Expectation.LITERAL]),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} if 1 else 0", [Expectation.LITERAL]),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (1+1,)}", [Expectation.LITERAL]),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} # hidden", [Expectation.LITERAL]),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}\0", [Expectation.LITERAL]),
    ("{'descr': '<' 'f8', 'fortran_order': False, 'shape': (2,)}", [Expectation.LITERAL]),
    ("{'descr': b'<f8', 'fortran_order': False, 'shape': (2,)}", [Expectation.LITERAL]),
    ("{'descr': '\\74f8', 'fortran_order': False, 'shape': (2,)}", [Expectation.LITERAL]),
    ("{'descr': '\\N{LESS-THAN SIGN}f8', 'fortran_order': False, 'shape': (2,)}", [Expectation.LITERAL]),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (0x2,)}", [Expectation.LITERAL]),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (2.0,)}", [Expectation.LITERAL]),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 5_000 + ",)}", [Expectation.LITERAL]),
    ("{'descr': " + "[" * 5_000 + "]" * 4_000, [Expectation.LITERAL]),
    ("{'descr': " + "(" * 50 + "'<f8'" + ")" * 50 + ", 'fortran_order': False, 'shape': (2,)}", [Expectation.LITERAL]),
    ("{'descr': '<f8' 'fortran_order': False, 'shape': (2,)}", [Expectation.LITERAL]),
    ("{'descr': '<f8',, 'fortran_order': False, 'shape': (2,)}", [Expectation.LITERAL]),
    ("{1: '<f8', 'fortran_order': False, 'shape': (2,)}", [Expectation.LITERAL]),
    ("[]", [Expectation.LITERAL]),
    ("", [Expectation.LITERAL]),
    ("{}", [Expectation.FIELDS]),
    ("{'descr': '<f8', 'shape': (2,)}", [Expectation.FIELDS]),
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}", [Expectation.FIELDS]),
    ("{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': (2,)}", [Expectation.FIELDS]),
    (header_of("<f8", order=0), [Expectation.FIELDS]),
    (header_of("<f8", order="False"), [Expectation.FIELDS]),
    (header_of("<f8", -1), [Expectation.SHAPE]),
    (header_of("<f8", [2]), [Expectation.SHAPE]),
    (header_of("<f8", "2"), [Expectation.SHAPE]),
    (header_of("<f8", (-1,)), [Expectation.SHAPE]),
    (header_of("<f8", (2, -2)), [Expectation.SHAPE]),
    (header_of("<f8", (True,)), [Expectation.SHAPE]),
    (header_of("<f8", (1 << 32, 1 << 32)), [Expectation.SHAPE]),
    (header_of("<f8", (1 << 63,)), [Expectation.SHAPE]),
    (header_of("<f8", (1,) * 65), [Expectation.SHAPE]),
    (header_of("<f8", (10**19,) * 400), [Expectation.SHAPE]),
    (header_of(8), [Expectation.DTYPE]),
    (header_of(("<f8",)), [Expectation.DTYPE]),
    (header_of(("<f8", "|O")), [Expectation.DTYPE]),
    (header_of(["<f8"]), [Expectation.DTYPE]),
    (header_of([("a",)]), [Expectation.DTYPE]),
    (header_of([("a", "<f8"), ("a", "<f8")]), [Expectation.DTYPE]),
    (header_of([(1, "<f8")]), [Expectation.DTYPE]),
    (header_of([("a", "<f8", (-1,))]), [Expectation.DTYPE]),
    (header_of([("a", "<f8", [2])]), [Expectation.DTYPE]),
    (header_of([("a", "<f8", (1 << 20, 1 << 20))]), [Expectation.DTYPE]),
    (header_of("|S2147483648"), [Expectation.DTYPE]),
    (header_of([("a", "|V2147483647"), ("b", "|V1")]), [Expectation.DTYPE]),
]


@pytest.mark.parametrize(("header", "expected"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_headers(header: str, expected: list[Expectation]) -> None:
    facts = read(build(header, bytes(16)))
    assert broken(facts) == expected
    assert facts.data_size is None


def test_a_header_that_is_not_utf_8() -> None:
    raw = build(header_of("<f8"), bytes(16), (2, 0)).replace(b"NUMPY\x02", b"NUMPY\x03").replace(b"   \n", b"  \xff\n")
    assert broken(read(raw)) == [Expectation.LITERAL]


@pytest.mark.parametrize("text", ["object", "O,i4", "i3", "f1", "<f8,<f8", "float64", "a5", "S", "", "<M8[B]", "T"])
def test_unknown_types_are_gaps(text: str) -> None:
    facts = read(build(header_of([("a", "<f8"), ("b", text), ("c", "<f8")]), bytes(99)))
    assert [repr(text) in gap.why for gap in facts.gaps] == [True]
    assert (facts.problems, facts.data_size) == ((), None)


def test_a_length_given_apart_from_its_text_is_a_gap() -> None:
    """numpy reads ("S0", 5) as "S5"."""
    assert len(read(build(header_of([("a", "|S0", 5)]), bytes(10))).gaps) == 1


def test_long_headers() -> None:
    array = np.zeros(2, [(f"field number {number}", "<f4") for number in range(400)])
    facts = read(save(array))
    assert broken(facts) == [Expectation.LOADED_LENGTH]
    assert (facts.data_size, facts.gaps) == (array.nbytes, ())
    with pytest.raises(ValueError, match="large and may not be safe"):
        np.load(io.BytesIO(save(array)))


def test_headers_beyond_the_limit_are_gaps() -> None:
    raw = build(header_of("<f8") + " " * npy.MAX_PARSED, bytes(16), (2, 0))
    facts = read(raw)
    assert (len(facts.gaps), facts.problems, facts.data_size, facts.data_at) == (1, (), None, len(raw) - 16)
    assert len(read(build(header_of("<f8"), bytes(16)), Limits(header_bytes=10)).gaps) == 1


NOT_NPY = [b"", b"\x93NUM", b"NUMPY\x01\x00", build("{}", version=(1, 1)), build("{}", version=(9, 0))]


@pytest.mark.parametrize("raw", NOT_NPY)
def test_what_is_not_npy_is_a_gap(raw: bytes) -> None:
    assert len(read(raw).gaps) == 1


REAL = save(np.arange(5, dtype="<i4"))


@pytest.mark.parametrize("end", range(len(REAL)))
def test_every_truncation_is_a_gap(end: int) -> None:
    assert [gap.cut_short for gap in read(REAL[:end]).gaps] == [True]


def test_objects_without_their_pickle_are_a_gap() -> None:
    (gap,) = read(build(header_of("|O"))).gaps
    assert gap.cut_short


@given(st.binary(max_size=200), st.booleans())
@settings(deadline=None)
def test_garbage_never_raises(garbage: bytes, framed: bool) -> None:
    raw = build("{" + garbage.decode("latin-1")) if framed else npy.MAGIC + garbage
    facts = read(raw)
    assert facts.problems or facts.gaps


scalars = st.sampled_from(
    ["|b1", "?", "<i2", ">u8", "<f4", ">c16", "|S3", "|V0", "S05", "<U2", "<M8[ns]", "m8", "|O", "i3", "<i4[s]", "O2"]
)
repeats = st.one_of(st.integers(0, 4), st.lists(st.integers(0, 3), max_size=2).map(tuple))
names = st.sampled_from(["a", "b", "c", ("t", "d")])
paddings = st.tuples(st.just(""), st.sampled_from(["|V0", "|V3"]))
types = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.tuples(inner, repeats),
        st.lists(st.one_of(st.tuples(names, inner), st.tuples(names, inner, repeats), paddings), max_size=4),
    ),
    max_leaves=4,
)


@given(types)
@settings(max_examples=300, deadline=None)
def test_types_are_as_large_as_in_numpy(descr: object) -> None:
    raw = build(header_of(descr, (1,)), bytes(1_000_000))
    facts, peer = read(raw), numpy_reads(raw)
    if facts.problems or facts.gaps:
        return
    assert peer is not None
    _, _, dtype = peer
    assert facts.has_objects is dtype.hasobject
    assert facts.data_size == (None if dtype.hasobject else dtype.itemsize)


@given(
    st.sampled_from([save(array)[: -array.nbytes or None] for array in ARRAYS.values()]),
    st.lists(st.tuples(st.integers(0, 100), st.sampled_from(b"0123456789{}[]()',:- \n\\LxOV<TF\x80")), max_size=2),
)
@settings(max_examples=400, deadline=None)
def test_changed_characters(raw: bytes, changes: list[tuple[int, int]]) -> None:
    """What numpy refuses is never clean; what is clean reads as in numpy."""
    changed = bytearray(raw)
    for place, byte in changes:
        changed[10 + place % (len(raw) - 10)] = byte
    facts, peer = read(bytes(changed)), numpy_reads(bytes(changed))
    if facts.problems or any(not gap.cut_short for gap in facts.gaps):
        return
    assert peer is not None
    shape, order, dtype = peer
    assert (facts.shape, facts.fortran_order, facts.has_objects) == (shape, order, dtype.hasobject)
    descr: Any = facts.descr
    assert npy_format.descr_to_dtype(descr) == dtype
    if not dtype.hasobject:
        assert facts.data_size == dtype.itemsize * int(np.prod(shape, dtype=object))
