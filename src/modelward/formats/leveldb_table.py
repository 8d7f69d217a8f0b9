"""The sorted table of LevelDB, which TensorFlow keeps the index of a checkpoint in.

https://github.com/google/leveldb/blob/main/doc/table_format.md
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken, Cursor
from modelward.formats.protobuf import varint

MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
_FOOTER = 48
_TRAILER = 5  # a kind of compression, a checksum
_LARGEST_INDEX = 16 << 20
_LONGEST_KEY = 1 << 16
_MOST_KEYS = 64 << 20  # bytes of all keys, which repeat what they share
_LONGEST_NUMBERS = 15  # three varints of 32 bits


@dataclass(frozen=True, slots=True)
class Entry:
    key: bytes
    start: int
    """Of the value."""
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    start: int
    size: int
    compressed: bool = False


def read_table(source: Source) -> Iterator[Entry | Block]:
    """The entries of all data blocks in their order; in place of a block that is compressed, the
    block. Raises Broken. Blocks that do not follow one another are Broken: a small file could
    otherwise name one of them any number of times."""
    index = _index(source)
    reach = keys = 0
    for entry in _entries(source, index):
        value = source.read(entry.start, min(entry.end - entry.start, 20))
        block, _ = _handle(value, 0, entry.start)
        if block.start < reach:
            raise Broken("blocks that overlap, or are not in their order", entry.start)
        reach = block.start + block.size + _TRAILER
        block = _checked(source, block, index.start)
        if block.compressed:
            yield block
        else:
            for item in _entries(source, block):
                keys += len(item.key)
                if keys > _MOST_KEYS:
                    raise Broken("more bytes of keys than any checkpoint has", item.start)
                yield item


def _index(source: Source) -> Block:
    """The block that says where the others are."""
    footer = source.read(max(0, source.size - _FOOTER), _FOOTER)
    if len(footer) < _FOOTER or not footer.endswith(MAGIC):
        raise Broken("no footer of a table", max(0, source.size - _FOOTER), cut_short=True)
    _, after = _handle(footer, 0, source.size - _FOOTER)
    index, _ = _handle(footer, after, source.size - _FOOTER)
    index = _checked(source, index, source.size - _FOOTER)
    if index.compressed or index.size > _LARGEST_INDEX:
        raise Broken("an index that is compressed, or larger than any", index.start)
    return index


def _handle(data: bytes, at: int, place: int) -> tuple[Block, int]:
    start, middle = varint(data, at)
    size, end = varint(data, middle)
    if at == middle or middle == end:
        raise Broken("no place of a block", place)
    return Block(start, size), end


def _checked(source: Source, block: Block, end: int) -> Block:
    if block.start + block.size + _TRAILER > end:
        raise Broken("a block that reaches past the table", block.start, cut_short=True)
    return Block(block.start, block.size, source.read(block.start + block.size, 1) != b"\0")


def _entries(source: Source, block: Block) -> Iterator[Entry]:
    """A key is what it shares with the one before it, and the rest of it."""
    end = block.start + block.size
    restarts = Cursor(source, end - 4, end).u32() if block.size >= 4 else 0
    limit = end - 4 - 4 * restarts
    if block.size < 4 or limit < block.start:
        raise Broken("a block without its end", block.start)
    at, key = block.start, b""
    while at < limit:
        window = source.read(at, min(_LONGEST_NUMBERS, limit - at))
        numbers, place = [], 0
        for _ in range(3):
            number, after = varint(window, place)
            if after == place:
                raise Broken("an entry without its lengths", at)
            numbers.append(number)
            place = after
        shared, rest, value = numbers
        start = at + place + rest
        if shared > len(key) or shared + rest > _LONGEST_KEY or start + value > limit:
            raise Broken("an entry that reaches past its block", at)
        key = key[:shared] + source.read(at + place, rest)
        at = start + value
        yield Entry(key, start, at)
