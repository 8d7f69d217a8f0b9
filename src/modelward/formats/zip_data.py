"""The data of one zip member: stored bytes as they are, compressed ones as a bounded stream."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.source import BLOCK, BrokenStream, Budget, Producer, Slice, Stream
from modelward.formats.zip_records import ENCRYPTED

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
METHODS = (STORED, DEFLATED, BZIP2, LZMA)
"""What the standard library can open (4.4.5)."""

_PIECE = 1 << 16
_SMALL = 64 << 20  # below this a stream may expand by any ratio
_DICTIONARY = 16 << 20  # LZMA takes as much memory; zipfile asks for 8 MiB
_UNMARKED_END = 0x0002  # cleared: an LZMA stream ends without a mark (4.4.4)


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    """As the central directory stores it, escaped; from the local header where no entry names it."""
    header_at: int
    at: int
    """First byte of the data."""
    compressed: int
    size: int
    crc: int
    method: int
    flags: int

    @property
    def is_directory(self) -> bool:
        return self.name.endswith("/")

    @property
    def encrypted(self) -> bool:
        return bool(self.flags & ENCRYPTED)


class MemberStream(Stream):
    """A compressed member. `problem` says whether it broke, had another size than declared, went
    on after its own end, or expanded beyond the limits. `crc` is known once it was read to its end."""

    def __init__(self, expand: Producer, budget: Budget) -> None:
        super().__init__(self._summed, budget)
        self._expand = expand
        self.crc: int | None = None

    def _summed(self) -> Iterator[bytes]:
        crc = 0
        for piece in self._expand():
            crc = zlib.crc32(piece, crc)
            yield piece
        self.crc = crc


def open_member(source: Source, member: Member, limits: Limits, budget: Budget) -> Source | str:
    """The member's bytes, or why they cannot be had. A size that is declared wrongly hides nothing:
    the source holds all that the compressed data gives."""
    if member.encrypted:
        return "it is encrypted"
    data = Slice(source, member.at, max(0, min(member.compressed, source.size - member.at)))
    if member.method == STORED:
        return data
    if member.method == LZMA:
        return _open_lzma(data, member, limits, budget)
    if member.method not in METHODS:
        return f"its compression method {member.method} is not read"
    make: Callable[[], _Expander] = _Inflate if member.method == DEFLATED else bz2.BZ2Decompressor
    return MemberStream(lambda: _expand(data, make(), member, limits), budget)


def crc_matches(source_of_member: Source, member: Member) -> bool:
    """Reads what open_member gave to its end."""
    if isinstance(source_of_member, MemberStream):
        return source_of_member.size >= 0 and source_of_member.crc == member.crc
    crc = at = 0
    while block := source_of_member.read(at, BLOCK):
        crc, at = zlib.crc32(block, crc), at + len(block)
    return crc == member.crc


class _Expander(Protocol):
    """What bz2's and lzma's decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Inflate:
    """zlib's decompressor with the interface of the other two."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)


def _open_lzma(data: Source, member: Member, limits: Limits, budget: Budget) -> Source | str:
    """5.8.8: version, length of the properties, the properties of LZMA1, then the raw stream."""
    head = data.read(0, 9)
    if len(head) < 9 or head[2:4] != b"\5\0" or head[4] >= 225:
        return "it has no LZMA header"
    packed, dictionary = struct.unpack_from("<BI", head, 4)
    # no match can reach further back than the content is long
    window = min(dictionary, max(member.size, 1 << 12))
    if window > _DICTIONARY:
        return f"its LZMA dictionary of {dictionary:,} bytes is larger than the limit"
    (rest, context_bits), position_bits = divmod(packed, 9), packed // 45
    code = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": window,
        "lc": context_bits,
        "lp": rest % 5,
        "pb": position_bits,
    }
    stream = Slice(data, 9, data.size - 9)

    def expand() -> Iterator[bytes]:
        try:
            machine = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[code])
        except lzma.LZMAError as error:
            raise BrokenStream(f"its LZMA properties make no sense: {error}") from error
        return _expand(stream, machine, member, limits)

    return MemberStream(expand, budget)


def _expand(data: Source, machine: _Expander, member: Member, limits: Limits) -> Iterator[bytes]:
    read = made = 0
    while not machine.eof:
        piece = data.read(read, _PIECE) if machine.needs_input else b""
        read += len(piece)
        try:
            out = machine.decompress(piece, _PIECE)
        except (zlib.error, lzma.LZMAError, OSError, ValueError) as error:
            raise BrokenStream(f"the compressed data breaks after {made:,} bytes: {error}") from error
        made += len(out)
        if made > _SMALL and made > limits.ratio * read:
            raise BrokenStream(f"it expands more than {limits.ratio}-fold, which is the limit")
        if out:
            yield out
        elif not piece and machine.needs_input:
            break
    if not machine.eof and not (member.method == LZMA and not member.flags & _UNMARKED_END):
        raise BrokenStream(f"the compressed data ends early, after {made:,} bytes")
    if made != member.size:
        raise BrokenStream(f"it holds {made:,} bytes where the archive declares {member.size:,}")
    unread = data.size - read + len(machine.unused_data)
    if unread:
        raise BrokenStream(f"{unread:,} bytes follow the end of its compressed data")
