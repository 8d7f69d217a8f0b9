"""NumPy's .npy: arrays of objects are pickles, and headers can be made that numpy never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelward.checks.scan.here import Here, Nested, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.npy import MAGIC, Expectation, NpyFacts, read_npy
from modelward.formats.source import Slice

_SPEC = "https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"
_DO = "Do not use this file; get it again from its publisher, or have them save it again with numpy.save."

OBJECT_ARRAY = Rule(
    "npy-object-array",
    Severity.INFO,
    "the array holds Python objects, stored as a pickle",
    "numpy.load(allow_pickle=True) unpickles it, as did every numpy.load before numpy 1.16.3.",
    "Load it without allow_pickle, or have it saved as an array of numbers or text.",
    ("CWE-502", "CVE-2019-6446", _SPEC),
)

TRAILING_BYTES = Rule(
    "npy-trailing-bytes",
    Severity.LOW,
    "bytes follow the array that are not another array",
    "numpy.load does not look at them, so they can be a file of another kind.",
    "Ask whoever published the file what they are; numpy.save does not write them.",
    ("CWE-436", _SPEC),
)

RULE_OF: Mapping[Expectation, Rule] = {
    Expectation.LITERAL: Rule(
        "npy-header-syntax",
        Severity.MEDIUM,
        "the header is not a plain dictionary",
        "numpy writes text, numbers and tuples there; anything else is aimed at a reader that evaluates the header.",
        _DO,
        ("CWE-95", _SPEC),
    ),
    Expectation.FIELDS: Rule(
        "npy-header-fields",
        Severity.MEDIUM,
        "the header does not have exactly the fields descr, fortran_order and shape",
        "numpy refuses it; readers that do not may take the first or the last of a repeated field.",
        _DO,
        ("CWE-436", _SPEC),
    ),
    Expectation.DTYPE: Rule(
        "npy-invalid-dtype",
        Severity.MEDIUM,
        "the header does not name a type of elements",
        "What the data is, and whether loading it unpickles something, depends on the reader.",
        _DO,
        ("CWE-20", _SPEC),
    ),
    Expectation.SHAPE: Rule(
        "npy-invalid-shape",
        Severity.MEDIUM,
        "the header has a shape that no array has",
        "Negative sizes, and sizes whose product overflows 64 bits, make a careless reader leave its buffer.",
        _DO,
        ("CWE-190", "CWE-1284", _SPEC),
    ),
    Expectation.LOADED_LENGTH: Rule(
        "npy-long-header",
        Severity.LOW,
        "the header is longer than what numpy.load accepts",
        "It loads only with a larger max_header_size or with allow_pickle=True, which also lets a pickle in.",
        "Load it with max_header_size rather than allow_pickle.",
        ("CWE-400", _SPEC),
    ),
}


def examine_npy(source: Source, here: Here) -> Iterator[Said]:
    """One array after the other, as numpy.save and numpy.load handle an open file. Numbers are not
    looked at; whatever may be something else is handed on."""
    start, size = 0, source.size
    for _ in range(here.limits.entries):
        facts = read_npy(Slice(source, start, size - start), here.limits)
        yield from _said(facts, here, start, size)
        data_at = start + facts.data_at
        if facts.has_objects and data_at < size:
            message = f"numpy.load(allow_pickle=True) unpickles {size - data_at:,} bytes"
            yield here.finding(OBJECT_ARRAY, message, start, data_at)
            yield Nested("<pickle>", Slice(source, data_at, size - data_at))
            return
        if facts.data_size is None:
            yield from _rest(source, data_at)
            return
        start = data_at + facts.data_size
        if start >= size:
            return
        if source.read(start, len(MAGIC)) != MAGIC:
            yield here.finding(TRAILING_BYTES, f"{size - start:,} bytes follow the data", start, size)
            yield from _rest(source, start)
            return
    yield here.unexamined("more arrays than the limit of entries", start, size)


def _said(facts: NpyFacts, here: Here, start: int, size: int) -> Iterator[Said]:
    for problem in facts.problems:
        yield here.finding(RULE_OF[problem.broken], problem.message, start, start + facts.data_at)
    for gap in facts.gaps:
        do = "Download it again and compare its sha256." if gap.cut_short else ""
        yield here.unexamined(gap.why, start + gap.start, size, do)


def _rest(source: Source, at: int) -> Iterator[Nested]:
    if at < source.size:
        yield Nested(f"<bytes {at}-{source.size}>", Slice(source, at, source.size - at))


RULES: tuple[Rule, ...] = (OBJECT_ARRAY, TRAILING_BYTES, *RULE_OF.values())
