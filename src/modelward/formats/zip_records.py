"""The records of a zip archive, each read on its own: what they state, not whether they agree.

Section numbers are those of APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from modelward.core import canonical
from modelward.core.artifact import Source
from modelward.core.errors import NotFetched
from modelward.formats.parts import read_ahead
from modelward.formats.source import Budget

ENCRYPTED = 0x0001
STREAMED = 0x0008
"""Sizes and CRC follow the data in a descriptor (4.3.9); the local header may hold zeros."""
UTF8 = 0x0800

_LOCAL = struct.Struct("<4s2xHH4x3I2H")
_CENTRAL = struct.Struct("<4s4xHH4x3I3H4x2I")
_END = struct.Struct("<4s4H2IH")
_LOCATOR = struct.Struct("<4s4xQ4x")
_END64 = struct.Struct("<4sQ4x2I4Q")
_EXTRA = struct.Struct("<2H")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_LOCATOR_MARK, _END64_MARK, _DESCRIPTOR_MARK = b"PK\6\7", b"PK\6\6", b"PK\7\x08"
SHORTEST_LOCAL = _LOCAL.size
_ONES16, _ONES32 = 0xFFFF, 0xFFFFFFFF
_BLOCK = 1 << 16
_FALSE_MARK = 1 << 12


class Window:
    """Small reads served from one chunk of the source at a time, so that neighbours cost one read."""

    def __init__(self, source: Source, chunk: int) -> None:
        self._source = source
        self._chunk = chunk
        self._at = 0
        self._data = b""

    def read(self, at: int, n: int) -> bytes:
        start = at - self._at
        if start < 0 or start + n > len(self._data):
            self._data = read_ahead(self._source, at, max(n, self._chunk), n) if at >= 0 else b""
            self._at, start = at, 0
        return self._data[start : start + n]


class Header(NamedTuple):
    """What a local header (4.3.7) or an entry of the central directory (4.3.12) states."""

    at: int
    end: int
    """First byte after the record: for a local header, where the data begins."""
    name: str
    alias: str
    """The name in an Info-ZIP Unicode Path field (4.6.9), which readers that know it use instead."""
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    odd: str
    """What is wrong with the extra fields; empty where nothing is."""
    offset: int = 0
    """Of the local header. Central entries only, as is *mode*."""
    mode: int = 0
    """Unix file mode, 0 where there is none."""


def read_local(window: Window, at: int) -> Header | None:
    head = window.read(at, _LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(_LOCAL_MARK):
        return None
    _, flags, method, crc, compressed, size, name_length, extra_length = _LOCAL.unpack(head)
    rest = window.read(at + _LOCAL.size, name_length + extra_length)
    if len(rest) < name_length + extra_length:
        return None
    name = rest[:name_length]
    extra = _parse_extra(rest[name_length:], name)
    (size, compressed), odd = _widen((size, compressed), extra)
    end = at + _LOCAL.size + len(rest)
    return Header(at, end, canonical.escape_bytes(name), extra.alias, flags, method, crc, compressed, size, odd)


def read_entry(window: Window, at: int) -> Header | None:
    head = window.read(at, _CENTRAL.size)
    if len(head) < _CENTRAL.size or not head.startswith(_CENTRAL_MARK):
        return None
    _, flags, method, crc, compressed, size, name_length, extra_length, comment, attributes, offset = _CENTRAL.unpack(
        head
    )
    rest = window.read(at + _CENTRAL.size, name_length + extra_length)
    if len(rest) < name_length + extra_length:
        return None
    name = rest[:name_length]
    extra = _parse_extra(rest[name_length:], name)
    (size, compressed, offset), odd = _widen((size, compressed, offset), extra)
    end = at + _CENTRAL.size + len(rest) + comment
    text = canonical.escape_bytes(name)
    return Header(at, end, text, extra.alias, flags, method, crc, compressed, size, odd, offset, attributes >> 16)


class _Extra(NamedTuple):
    wide: bytes | None = None
    alias: str = ""
    odd: str = ""


_NO_EXTRA = _Extra()


def _parse_extra(raw: bytes, name: bytes) -> _Extra:
    """4.5: (id, length, body) again and again. Fewer than four bytes at the end are padding."""
    if not raw:
        return _NO_EXTRA
    wide, alias, odd, at = None, "", "", 0
    while at + _EXTRA.size <= len(raw):
        kind, length = _EXTRA.unpack_from(raw, at)
        at += _EXTRA.size
        body = raw[at : at + length]
        at += length
        if len(body) < length:
            odd = "an extra field is longer than the area that holds it"
        elif kind == 0x0001 and wide is not None:
            odd = "there are two zip64 extra fields, and readers differ in which they take"
        elif kind == 0x0001:
            wide = body
        elif kind == 0x7075 and body[:5] == b"\1" + zlib.crc32(name).to_bytes(4, "little"):
            alias = canonical.escape_bytes(body[5:])
    return _Extra(wide, alias, odd)


def _widen(values: tuple[int, ...], extra: _Extra) -> tuple[tuple[int, ...], str]:
    """4.5.3: a 32-bit field of all ones is replaced by the next 64-bit value of the zip64 extra field."""
    if _ONES32 not in values:
        return values, extra.odd
    wide, odd, result = extra.wide or b"", extra.odd, []
    for value in values:
        if value == _ONES32:
            if len(wide) < 8:
                odd = odd or "a 64-bit value is announced and not there"
            else:
                value, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        result.append(value)
    return tuple(result), odd


class Descriptor(NamedTuple):
    crc: int
    compressed: int
    size: int
    end: int


def descriptors(window: Window, at: int) -> Iterator[Descriptor]:
    """Each way to read a data descriptor at *at* (4.3.9): the signature is optional, sizes have 32 or 64 bits."""
    raw = window.read(at, 24)
    for skip in (4, 0) if raw.startswith(_DESCRIPTOR_MARK) else (0,):
        for layout in ("<IQQ", "<III"):
            end = skip + struct.calcsize(layout)
            if end <= len(raw):
                crc, compressed, size = struct.unpack_from(layout, raw, skip)
                yield Descriptor(crc, compressed, size, at + end)


def find_descriptor(source: Source, start: int, end: int, work: Budget) -> Descriptor | None:
    """The first signed descriptor in [start, end) that states how far it is from *start*.

    The only way to find the end of a streamed member that no directory lists. None too where
    *work* is spent: bytes that were searched, and more for each signature that was none.
    """
    window, at = Window(source, 64), start
    while at < end and work.spend(min(_BLOCK, end - at)):
        data = source.read(at, min(_BLOCK, end - at))
        for match in re.finditer(re.escape(_DESCRIPTOR_MARK), data):
            here = at + match.start()
            fits = [d for d in descriptors(window, here) if d.compressed == here - start and d.end <= end]
            # several readings may fit an empty member: the right one ends where the next record begins
            fits.sort(key=lambda d: d.end != end and window.read(d.end, 2) != b"PK")
            if fits:
                return fits[0]
            if not work.spend(_FALSE_MARK):
                return None
        if len(data) < _BLOCK:
            return None
        at += _BLOCK - len(_DESCRIPTOR_MARK) + 1
    return None


@dataclass(frozen=True, slots=True)
class End:
    """The end of central directory record (4.3.16), with its zip64 companions where there are any."""

    at: int
    first: int
    """Where the end records begin: the directory is expected to stop here."""
    end: int
    """After the comment, by its declared length."""
    count: int
    directory_size: int
    directory_offset: int
    shift: int | None
    """By how much the zip64 record lies behind the offset that its locator gives."""
    odd: tuple[str, ...]
    """In which ways the end records contradict each other."""


def find_ends(source: Source) -> list[int]:
    """Every place where an end record may start, in order. zipfile takes the last one."""
    reach = min(source.size, _END.size + _ONES16)
    start = source.size - reach
    try:
        tail = source.read(start, reach)
    except NotFetched as missing:
        start = missing.end
        tail = source.read(start, source.size - start)
    return [start + m.start() for m in re.finditer(_END_MARK, tail) if m.start() + _END.size <= len(tail)]


def comment_end(source: Source, at: int) -> int:
    """Where the end record at *at* says that the file ends."""
    return at + _END.size + int.from_bytes(source.read(at + _END.size - 2, 2), "little")


def read_end(source: Source, at: int) -> End:
    """*at* is one of the places that find_ends gave."""
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack(source.read(at, _END.size))
    odd = []
    if disk or first_disk or here != count:
        odd.append("the end record speaks of several disks")
    first, shift = at, None
    locator = source.read(at - _LOCATOR.size, _LOCATOR.size) if at >= _LOCATOR.size else b""
    if locator.startswith(_LOCATOR_MARK):
        claimed = _LOCATOR.unpack(locator)[1]
        wide = _find_end64(source, at - _LOCATOR.size, claimed)
        if wide is None:
            odd.append("the zip64 end record is not where its locator says")
        else:
            first, narrow = wide.at, (count, size, offset)
            shift = wide.at - claimed
            odd += _disagreements(narrow, wide)
            count, size, offset = wide.entries, wide.size, wide.offset
    return End(at, first, at + _END.size + comment, count, size, offset, shift, tuple(odd))


class _End64(NamedTuple):
    at: int
    here: int
    entries: int
    size: int
    offset: int


def _find_end64(source: Source, locator_at: int, claimed: int) -> _End64 | None:
    """Right before the locator, where older zipfile looks; else where the locator says (longer records)."""
    for at in (locator_at - _END64.size, claimed):
        raw = source.read(at, _END64.size) if at >= 0 else b""
        if len(raw) == _END64.size and raw.startswith(_END64_MARK):
            _, length, _, _, here, entries, size, offset = _END64.unpack(raw)
            if at + 12 + length == locator_at:
                return _End64(at, here, entries, size, offset)
    return None


def _disagreements(narrow: tuple[int, int, int], wide: _End64) -> list[str]:
    """zipfile always takes the zip64 values, other readers only where the old field is all ones."""
    wides, ones = (wide.entries, wide.size, wide.offset), (_ONES16, _ONES32, _ONES32)
    found = [
        f"the end record gives {value:,} as the directory's {what}, the zip64 end record {other:,}"
        for what, value, other, full in zip(("count", "size", "offset"), narrow, wides, ones, strict=True)
        if value not in (other, full)
    ]
    if wide.here != wide.entries:
        found.append("the zip64 end record speaks of several disks")
    return found
