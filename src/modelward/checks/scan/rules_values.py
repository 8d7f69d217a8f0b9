"""Binary relatives of JSON: flax parameters in MessagePack, and XGBoost models in UBJSON.

They hold values and no code; what a loader makes of an array is up to its description.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.rules_xgboost import say_strays
from modelward.checks.scan.texts.inner import is_binary, may_be_file
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.cursor import Broken
from modelward.formats.msgpack import NdArray, read_msgpack, read_ndarray
from modelward.formats.source import Slice
from modelward.formats.ubjson import read_ubjson
from modelward.formats.value_tree import Duplicate, Gap, Leaf, Part
from modelward.formats.xgboost import INTEGERS, LISTS, strays_in_ubjson

_FLAX = "https://flax.readthedocs.io/en/latest/api_reference/flax.serialization.html"
_DO = "Do not use this file; get it again from its publisher, or have it saved again."

DUPLICATE_KEY = Rule(
    "binary-json-duplicate-key",
    Severity.MEDIUM,
    "a key occurs twice in a map of values",
    "Some readers keep the first value and some the last: one file is two models, and only one of them was tested.",
    _DO,
    ("CWE-436", "CWE-694", "https://github.com/msgpack/msgpack/blob/master/spec.md", "https://ubjson.org"),
)
ARRAY_SIZE = Rule(
    "flax-array-size",
    Severity.HIGH,
    "an array's bytes are more or fewer than its shape needs",
    "A reader that trusts the shape reads beyond the array's bytes.",
    _DO,
    ("CWE-125", "CWE-130", _FLAX),
)
OBJECT_ARRAY = Rule(
    "flax-object-array",
    Severity.MEDIUM,
    "an array is said to hold Python objects",
    "The bytes of such an array are addresses in memory, or a pickle; no parameters need them.",
    _DO,
    ("CWE-502", "CWE-822", _FLAX),
)
UNKNOWN_ARRAY = Rule(
    "flax-unknown-array",
    Severity.LOW,
    "an array has a type that is not known here",
    "Its size cannot be checked. Newer versions of JAX may know the type.",
    "Update modelward; if the type stays unknown, ask whoever published the file what wrote it.",
    ("CWE-20", _FLAX),
)

_NDARRAY, _COMPLEX, _SCALAR, _TIMESTAMP = 1, 2, 3, -1
_TYPE = re.compile(rb"(?:float|b?float|complex|u?int)(\d+)(?:_\w+)?|(bool)")
_TINY = re.compile(rb"u?int[24]|float[4-8]_\w+")  # kept in a byte each
_OBJECTS = (b"object", b"O", b"|O")
_LARGEST = (1 << 63) - 1
_SHORT = 32
_SHOWN = 200


def examine_msgpack(source: Source, here: Here) -> Iterator[Said]:
    """flax has three extensions: arrays, complex numbers, and arrays of one element.
    https://github.com/google/flax/blob/main/flax/serialization.py"""
    for part in read_msgpack(source):
        yield from _said(part, source, here)
        if not isinstance(part, Leaf) or part.item.kind != "extension":
            continue
        item, end = part.item, part.item.start + part.item.size
        if item.code in (_NDARRAY, _SCALAR):
            yield from _array(part, source, here)
        elif item.code not in (_COMPLEX, _TIMESTAMP):
            yield here.unexamined(f"an extension of MessagePack ({item.code}) that is not known here", item.start, end)
            yield _nested(part, source)


def examine_ubjson(source: Source, here: Here) -> Iterator[Said]:
    for part in read_ubjson(source):
        yield from _said(part, source, here)
        if isinstance(part, Leaf) and part.item.kind == "numbers":
            yield from _nodes(part, source, here)


def _nodes(part: Leaf, source: Source, here: Here) -> Iterator[Said]:
    name = part.path.rpartition("/")[2]
    if name in LISTS and chr(part.item.code) in INTEGERS:
        strays = strays_in_ubjson(source, name, part.item.start, part.item.size, chr(part.item.code))
        yield from say_strays(strays, here)


def _said(part: Part, source: Source, here: Here) -> Iterator[Said]:
    match part:
        case Gap():
            do = "Download it again and compare its sha256." if part.cut_short else ""
            yield here.unexamined(part.why, part.at, source.size, do)
        case Duplicate():
            yield here.finding(DUPLICATE_KEY, f"{part.path!a} is there twice", part.at)
        case Leaf() if part.item.size >= _SHORT:
            start, end = part.item.start, part.item.start + part.item.size
            if part.item.kind == "bytes" or (
                part.item.kind == "text" and (is_binary(source, start, end) or may_be_file(source, start, end))
            ):
                yield _nested(part, source)


def _array(part: Leaf, source: Source, here: Here) -> Iterator[Said]:
    item, named = part.item, ascii(part.path[:_SHOWN])
    at = (item.start, item.start + item.size)
    try:
        array = read_ndarray(source, item)
    except Broken as error:
        yield here.unexamined(f"an array that is none: {error.why}", *at)
        return
    if array.dtype in _OBJECTS or array.dtype.startswith(b"V"):
        yield here.finding(OBJECT_ARRAY, f"{named} has the type {_shown(array)}", *at)
        yield Nested(part.path[:_SHOWN], Slice(source, array.data.start, array.data.size), raw=True)
        return
    width = _width(array.dtype)
    if width is None:
        yield here.finding(UNKNOWN_ARRAY, f"{named} has the type {_shown(array)}", *at)
        yield here.unexamined(f"an array of the type {_shown(array)}, which is not known", *at)
        return
    needs = math.prod(array.shape) * width
    if min(array.shape, default=0) < 0 or max(array.shape, default=0) > _LARGEST or needs != array.data.size:
        shape = "x".join(map(str, array.shape[:8]))
        message = f"{named} of the shape {shape or '()'} does not fit its {array.data.size:,} bytes"
        yield here.finding(ARRAY_SIZE, message, *at)


def _width(dtype: bytes) -> int | None:
    if _TINY.fullmatch(dtype):
        return 1
    found = _TYPE.fullmatch(dtype)
    if found is None:
        return None
    bits = 8 if found[2] else int(found[1][:4])
    return bits // 8 if bits in (8, 16, 32, 64, 128, 256) else None


def _shown(array: NdArray) -> str:
    return ascii(array.dtype[:_SHOWN].decode("utf-8", "backslashreplace"))


def _nested(part: Leaf, source: Source) -> Nested:
    name = part.path[:_SHOWN] or "<value>"
    return Nested(name, Slice(source, part.item.start, part.item.size), raw=True)


RULES: tuple[Rule, ...] = (DUPLICATE_KEY, ARRAY_SIZE, OBJECT_ARRAY, UNKNOWN_ARRAY)
