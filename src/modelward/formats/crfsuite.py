"""CRFsuite models: weights, two tables of names (CQDB), and which weights belong to each name.

https://github.com/chokkan/crfsuite/blob/master/lib/crf/src/crf1d_model.c
https://github.com/chokkan/crfsuite/blob/master/lib/cqdb/src/cqdb.c
The library maps the file and follows what it reads there, unchecked; so everything that leads somewhere
is checked here, and that the parts fill the file.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken, Cursor
from modelward.formats.gap import Gap

_LARGEST_PART = 32 << 20
_HEADER = 48
_CHUNK = 12
_TABLES_AT = 24
_NAMES_AT = _TABLES_AT + 256 * 8
_BYTE_ORDER = 0x62445371

Span = tuple[int, int]


def read_crfsuite(source: Source) -> Gap | None:
    """What keeps it from being a whole model that leads nowhere else. Raises nothing."""
    try:
        _check(source)
    except Broken as broken:
        return Gap(broken.why, broken.at, broken.cut_short)
    return None


def _check(source: Source) -> None:
    head = Cursor(source)
    head.skip(4)
    if head.u32() != source.size or head.take(4) != b"FOMC" or head.u32() != 100:
        raise Broken("a size, a type or a version that is not that of the file", 4)
    head.skip(4)
    labels, attributes, *starts = (head.u32() for _ in range(7))
    features = _part(source, starts[0], b"FEAT")
    count = _features(features, starts[0], labels, attributes)
    spans = [
        (starts[0], starts[0] + len(features)),
        _names(source, starts[1], labels),
        _names(source, starts[2], attributes),
        _references(source, starts[3], b"LFRF", labels, count),
        _references(source, starts[4], b"AFRF", attributes, count),
    ]
    reach = _HEADER
    for start, end in sorted(spans):
        if start - reach > 3 or any(source.read(reach, start - reach)) or start < reach:
            raise Broken("bytes that belong to no part, or to two", reach)
        reach = end
    if reach != source.size:
        raise Broken("bytes behind the last part", reach)


def _part(source: Source, start: int, mark: bytes) -> bytes:
    cursor = Cursor(source, start)
    if cursor.take(4) != mark:
        raise Broken(f"no {mark.decode()} where one is announced", start)
    size = cursor.u32()
    if not _CHUNK <= size <= _LARGEST_PART:
        raise Broken(f"a part of {size:,} bytes", start)
    return Cursor(source, start).take(size)


def _features(data: bytes, start: int, labels: int, attributes: int) -> int:
    """Kind, from what, to which label, and a weight: how many."""
    (count,) = struct.unpack_from("<I", data, 8)
    if len(data) != _CHUNK + 20 * count:
        raise Broken("another number of weights than announced", start)
    for kind, source, target in struct.iter_unpack("<III8x", memoryview(data)[_CHUNK:]):
        if kind > 1 or source >= (labels if kind else attributes) or target >= labels:
            raise Broken("a weight of a label or an attribute that is not there", start)
    return int(count)


def _names(source: Source, start: int, count: int) -> Span:
    """Names behind each other, hash tables behind each other, and where each name stands."""
    data = _part(source, start, b"CQDB")
    if len(data) < _NAMES_AT:
        raise Broken("a table of names that is too short", start)
    flag, order, named, list_at = struct.unpack_from("<4I", data, 8)
    if flag or order != _BYTE_ORDER or named != count or list_at + 4 * named != len(data):
        raise Broken("a table of names that contradicts its header", start)
    tables = sorted((at, 8 * size) for at, size in struct.iter_unpack("<II", data[_TABLES_AT:_NAMES_AT]) if size)
    names_end = at = tables[0][0] if tables else list_at
    for table, size in tables:
        if table != at:
            raise Broken("tables that do not follow each other", start)
        at += size
    if at != list_at:
        raise Broken("bytes between the tables", start)
    begins = bytearray(len(data))
    for at in _starts(data, names_end, start):
        begins[at] = 1
    view = memoryview(data)
    for places in (struct.iter_unpack("<4xI", view[names_end:list_at]), struct.iter_unpack("<I", view[list_at:])):
        if not all(place < len(data) and begins[place] for (place,) in places if place):
            raise Broken("a table of names that leads elsewhere", start)
    return start, start + len(data)


def _starts(data: bytes, end: int, start: int) -> Iterator[int]:
    at = _NAMES_AT
    while at < end:
        yield at
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if not size or data.find(b"\0", at + 8, at + 8 + size) != at + 7 + size:
            raise Broken("a name that does not end where it says", start + at)
        at += 8 + size
    if at != end:
        raise Broken("names that reach into what follows them", start + at)


def _references(source: Source, start: int, mark: bytes, count: int, features: int) -> Span:
    """Where each list is, and lists of the numbers of weights, one behind the other."""
    data = _part(source, start, mark)
    (lists,) = struct.unpack_from("<I", data, 8)
    at = _CHUNK + 4 * lists
    if lists < count or at > len(data) or len(data) % 4:
        raise Broken("lists that are not in the file", start)
    numbers = array("I", data[at:])
    if sys.byteorder == "big":
        numbers.byteswap()
    index = 0
    for (place,) in struct.iter_unpack("<I", data[_CHUNK:at]):
        if place == 0 and count <= 0:
            continue
        count -= 1
        if index >= len(numbers) or place != start + at + 4 * index:
            raise Broken("lists that do not follow each other", start)
        size = numbers[index]
        if size and max(numbers[index + 1 : index + 1 + size], default=0) >= features:
            raise Broken("the number of a weight that is not there", start)
        index += 1 + size
    if index != len(numbers):
        raise Broken("lists that do not end with their part", start)
    return start, start + len(data)
