"""Damaged files of every format.

HYPOTHESIS_PROFILE=long makes each target look for minutes; otherwise all of them take a few seconds.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import pickle
import zlib
from functools import cache
from importlib.resources import files as resources

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from tests.conformance.cases import files
from tests.corpus.opcodes import (
    FALSE,
    NONE,
    array,
    blob,
    build,
    call,
    mapping,
    name,
    new,
    number,
    stacked,
    stream,
    text,
    tup,
)

from modelward.core.limits import Limits
from modelward.formats.sniff import sniff
from modelward.formats.source import BytesSource

LIMITS = Limits(expanded_bytes=1 << 24, entries=1_000, objects=20_000)
LARGEST = 20_000
"""Seeds are no larger than this: what can go wrong does so in small files."""

bounded = settings(
    max_examples=20_000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@cache
def seeds(reading: str) -> list[bytes]:
    """The files that can be read as one of that format."""
    found = [data for data, readings in _sniffed() if reading in readings]
    assert found, reading
    return found


@cache
def _sniffed() -> list[tuple[bytes, tuple[str, ...]]]:
    return [(data, sniff(BytesSource(data))) for data in every_seed()]


@cache
def every_seed() -> list[bytes]:
    return [data for data in files().values() if len(data) <= LARGEST]


@cache
def compressed(kind: str) -> list[bytes]:
    content = b"content that goes on and on " * 50
    packed = {
        "gzip": gzip.compress(content, mtime=0),
        "bz2": bz2.compress(content),
        "xz": lzma.compress(content),
        "lzma": lzma.compress(content, lzma.FORMAT_ALONE),
        "zlib": zlib.compress(content),
        "zfile": f"ZF{hex(len(content)):<19}".encode() + zlib.compress(content),
    }
    return [packed[kind], packed[kind] * 2]


# --- damage ---

# What lengths and counts can be made to say
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**53, 2**63 - 1, 2**64 - 1)
_number = st.builds(
    lambda value, width, order: (value % (1 << 8 * width)).to_bytes(width, order),
    st.sampled_from(_NUMBERS),
    st.sampled_from((1, 2, 4, 8)),
    st.sampled_from(("little", "big")),
)
_place = st.floats(0, 1, exclude_max=True)
_edit = st.tuples(
    st.sampled_from(("cut", "insert", "replace", "delete", "repeat")),
    _place,
    st.binary(min_size=1, max_size=8) | _number,
)


def _apply(data: bytes, edit: tuple[str, float, bytes]) -> bytes:
    how, place, new = edit
    at = int(place * (len(data) + 1))
    match how:
        case "cut":
            return data[:at]
        case "insert":
            return data[:at] + new + data[at:]
        case "replace":
            return data[:at] + new + data[at + len(new) :]
        case "delete":
            return data[:at] + data[at + len(new) :]
        case _:
            return data[:at] + data[at : at + 40] * (new[0] % 20) + data[at:]


@st.composite
def damaged(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """One of the *originals* after a few edits, or two of them one behind the other."""
    data = draw(st.sampled_from(originals))
    if draw(st.integers(0, 9)) == 0:
        data += draw(st.sampled_from(originals))
    for edit in draw(st.lists(_edit, max_size=5)):
        data = _apply(data, edit)
    return data


# --- pickles that are whole, and mean all sorts of things ---


@cache
def _names() -> list[tuple[str, str]]:
    """Everything that the table of callables knows, so that each of its conditions is tried."""
    table = resources("modelward.checks.scan").joinpath("data", "callables.txt").read_text("utf-8")
    lines = [line.partition(" = ")[0].split() for line in table.splitlines() if line[:1] not in ("#", "[", "")]
    return [(module, name) for module, *listed in lines for name in listed[:2] if "=" not in name]


NOT_UTF8 = pickle.BINUNICODE + (100).to_bytes(4, "little") + b"\xff" * 100
_TEXTS = ("", "a", "latin1", "append", "__setstate__", "_parse_arg_template", "a.b", "\xe9", "x" * 100)
_names_in_the_table = st.deferred(lambda: st.sampled_from(_names()))
_plain = st.one_of(
    st.sampled_from((*map(text, _TEXTS), NOT_UTF8)),
    st.sampled_from((NONE, FALSE, pickle.EMPTY_TUPLE, blob(b"N."), b"I01\n", b"Vtext\n", b"S'text'\n")),
    st.integers(-2, 5).map(number),
    _names_in_the_table.map(lambda found: name(*found)),
    st.just(name("somewhere", "Thing")),
)
_keys = st.sampled_from(("a", "append", "_parse_arg_template", "shape", "dtype", "filename", "__setstate__"))


def _compound(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    several = st.lists(inner, max_size=4)
    called = _names_in_the_table.map(lambda found: name(*found)) | inner
    mapped = st.dictionaries(_keys, inner, max_size=3).map(lambda items: mapping(**items))
    return st.one_of(
        several.map(lambda items: tup(*items)),
        several.map(lambda items: array(*items)),
        mapped,
        st.builds(lambda function, arguments: call(function, *arguments), called, several),
        st.builds(lambda function, arguments: new(function, *arguments), called, several),
        st.builds(lambda function, argument: function + argument + pickle.REDUCE, called, inner),
        st.builds(build, called.map(new), mapped | inner),
        st.builds(stacked, inner, inner),
        inner.map(lambda value: value + pickle.BINPERSID),
        inner.map(lambda value: value + pickle.MEMOIZE + pickle.BINGET + b"\0"),
    )


programs = st.recursive(_plain, _compound, max_leaves=12).map(stream)
