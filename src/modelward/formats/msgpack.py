"""MessagePack, as flax writes its parameters. https://github.com/msgpack/msgpack/blob/master/spec.md

Payloads are passed over: texts, bytes and extensions are told with their place alone.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken, Cursor
from modelward.formats.value_tree import Gap, Item, Part, walk

# The bytes behind the first one, by its value
_PLAIN = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_PLAIN |= {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_LENGTHS = {1: "B", 2: ">H", 4: ">I"}
_SIZED = {0xC4: ("bytes", 1), 0xC5: ("bytes", 2), 0xC6: ("bytes", 4), 0xD9: ("text", 1), 0xDA: ("text", 2)}
_SIZED |= {0xDB: ("text", 4), 0xDC: ("array", 2), 0xDD: ("array", 4), 0xDE: ("map", 2), 0xDF: ("map", 4)}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}

MOST_DIMENSIONS = 64
_MANY = 1 << 10
_NUMBERS = (
    (re.compile(rb"[\0-\x7f\xc0\xc2\xc3\xe0-\xff]{1,%d}" % _MANY), 1),
    (re.compile(rb"(?:\xcb[\0-\xff]{8}){1,%d}" % _MANY), 9),
    (re.compile(rb"(?:\xca[\0-\xff]{4}){1,%d}" % _MANY), 5),
)
_LONGEST_KEY = 1 << 10
_SNIFFED = 10_000


class MessagePack:
    """Reads one value after the other."""

    def __init__(self, source: Source, at: int = 0, end: int | None = None) -> None:
        self.source = source
        self.cursor = Cursor(source, at, end, ">")

    def item(self) -> Item:
        at, first = self.cursor.at, self.cursor.u8()
        if first < 0x80 or first >= 0xE0:
            return Item("plain")
        if first < 0x90:
            return Item("map", at, first & 0x0F)
        if first < 0xA0:
            return Item("array", at, first & 0x0F)
        if first < 0xC0:
            return self._passed("text", first & 0x1F)
        if first in _PLAIN:
            self.cursor.skip(_PLAIN[first])
            return Item("plain")
        if first in _SIZED:
            kind, width = _SIZED[first]
            count = self._number(width)
            if kind in ("map", "array"):
                return Item("map" if kind == "map" else "array", at, self._possible(count))
            return self._passed("text" if kind == "text" else "bytes", count)
        if first == 0xC1:
            raise Broken("a value of a kind that the format does not have", at)
        size = self._number(_EXTENSIONS[first]) if first in _EXTENSIONS else 1 << (first - 0xD4)
        code = struct.unpack("b", self.cursor.take(1))[0]
        return Item("extension", self.cursor.skip(size), size, code)

    def key(self) -> bytes:
        at = self.cursor.at
        item = self.item()
        if item.kind in ("map", "array"):
            raise Broken("a key that is a container", at)
        if item.size > _LONGEST_KEY or self.cursor.at - at > 2 * _LONGEST_KEY:
            raise Broken(f"a key of more than {_LONGEST_KEY:,} bytes", at)
        if item.kind in ("text", "bytes"):
            return self.source.read(item.start, item.size)
        return b"#" + self.source.read(at, self.cursor.at - at).hex().encode()

    def integer(self) -> int:
        at, first = self.cursor.at, self.cursor.u8()
        if first < 0x80 or first >= 0xE0:
            return first if first < 0x80 else first - 0x100
        if not 0xCC <= first <= 0xD3:
            raise Broken("no integer", at)
        return int.from_bytes(self.cursor.take(_PLAIN[first]), "big", signed=first >= 0xD0)

    def is_end(self, is_map: bool) -> bool:
        return False  # every container has a count

    def plain_ahead(self, most: int) -> int:
        if most < _MANY:
            return 0
        ahead = self.source.read(self.cursor.at, min(9 * _MANY, self.cursor.left))
        for pattern, width in _NUMBERS:
            if found := pattern.match(ahead):
                self.cursor.skip(found.end())
                return found.end() // width
        return 0

    def _number(self, width: int) -> int:
        return int(struct.unpack(_LENGTHS[width], self.cursor.take(width))[0])

    def _passed(self, kind: str, size: int) -> Item:
        return Item("text" if kind == "text" else "bytes", self.cursor.skip(size), size)

    def _possible(self, count: int) -> int:
        if count > self.cursor.left:
            raise Broken(f"{count:,} entries are announced, {self.cursor.left:,} bytes are left", self.cursor.at, True)
        return count


def read_msgpack(source: Source) -> Iterator[Part]:
    """The one value that the source holds; bytes behind it are a Gap."""
    return walk(MessagePack(source))


def is_msgpack(source: Source, head: bytes) -> bool:
    """A map whose first key is a text, and that ends with the content or has at least 10,000 values."""
    if not re.match(rb"(?:[\x81-\x8f]|\xde..|\xdf....)(?:[\xa1-\xbf]|\xd9.)[\x20-\x7e]", head, re.DOTALL):
        return False
    return all(part.is_limit for part in walk(MessagePack(source), _SNIFFED) if isinstance(part, Gap))


@dataclass(frozen=True, slots=True)
class NdArray:
    """What flax writes of an array: (shape, name of its type, bytes)."""

    shape: tuple[int, ...]
    dtype: bytes
    data: Item


def read_ndarray(source: Source, item: Item) -> NdArray:
    """Raises Broken for an extension that holds no array."""
    reader = MessagePack(source, item.start, item.start + item.size)
    if reader.item() != Item("array", item.start, 3):
        raise Broken("no list of a shape, a type and bytes", item.start)
    sizes = reader.item()
    if sizes.kind != "array" or sizes.size > MOST_DIMENSIONS:
        raise Broken("no list of sizes", item.start)
    shape = tuple(reader.integer() for _ in range(sizes.size))
    dtype, data = reader.item(), reader.item()
    if dtype.kind not in ("text", "bytes") or data.kind not in ("bytes", "text") or reader.cursor.left:
        raise Broken("no name of a type with bytes behind it", item.start)
    return NdArray(shape, source.read(dtype.start, min(dtype.size, _LONGEST_KEY)), data)
