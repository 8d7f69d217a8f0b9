"""Maps and arrays of values inside each other, as binary relatives of JSON write them.

What such a format looks like is up to its Reader; here are the order of its values, their paths,
keys that come again, and the limits.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, NamedTuple, Protocol

from modelward.formats.cursor import Broken, Cursor

UNTIL_END = -1
_MOST = 250_000
_DEEPEST = 200
_SHOWN = 200
_SHORT_KEY = 32


class Item(NamedTuple):
    kind: Literal["map", "array", "text", "bytes", "numbers", "extension", "plain"]
    start: int = 0
    size: int = 0
    """In bytes; of maps and arrays, how many entries follow, or UNTIL_END."""
    code: int = 0
    """Of an extension; of numbers, the letter of their type."""


class Reader(Protocol):
    """Raises Broken for what the format does not have, and where it would read beyond the end."""

    @property
    def cursor(self) -> Cursor: ...

    def item(self) -> Item:
        """The next value; its payload is passed over, the entries of a container are not."""

    def key(self) -> bytes:
        """What a map has in front of a value, comparable."""

    def is_end(self, is_map: bool) -> bool:
        """Whether a container without a count ends here; its mark is passed."""

    def plain_ahead(self, most: int) -> int:
        """How many of the next values, at most *most*, are numbers and the like; they are passed."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text, bytes, numbers of one type, or an extension with its code."""

    path: str
    item: Item


@dataclass(frozen=True, slots=True)
class Duplicate:
    path: str
    at: int


@dataclass(frozen=True, slots=True)
class Gap:
    why: str
    at: int
    cut_short: bool = False
    is_limit: bool = False
    """So far there was nothing wrong."""


Part = Leaf | Duplicate | Gap


@dataclass(slots=True)
class _Open:
    """A container whose entries are being read."""

    is_map: bool
    left: int
    path: str
    index: int = 0
    keys: set[bytes] = field(default_factory=set)


def walk(reader: Reader, most: int = _MOST) -> Iterator[Part]:
    """The parts of one value, which is all that there is. What cannot be followed ends it with a Gap."""
    at = reader.cursor.at
    try:
        open_: list[_Open] = []
        yield from _value(reader, "", open_)
        while open_:
            at = reader.cursor.at
            top = open_[-1]
            if top.left == 0 or (top.left == UNTIL_END and reader.is_end(top.is_map)):
                open_.pop()
                continue
            if len(open_) > _DEEPEST or most <= 0:
                limit = f"{_DEEPEST} levels" if most > 0 else f"{_MOST:,} values"
                yield Gap(f"more than {limit}", at, is_limit=True)
                return
            most -= 1
            if not top.is_map and (skipped := reader.plain_ahead(top.left)):
                top.left -= skipped
                top.index += skipped
                continue
            path = yield from _entry(reader, top)
            yield from _value(reader, path, open_)
            top.left -= top.left != UNTIL_END
            top.index += 1
        if reader.cursor.left:
            yield Gap("bytes behind the value", reader.cursor.at)
    except Broken as error:
        yield Gap(error.why, error.at if error.at >= at else at, error.cut_short)


def _entry(reader: Reader, top: _Open) -> Generator[Part, None, str]:
    """Its path, once its key is passed."""
    if not top.is_map:
        return f"{top.path}[{top.index}]"
    at = reader.cursor.at
    key = reader.key()
    path = f"{top.path}/{key.decode('utf-8', 'backslashreplace')}"[:_SHOWN]
    told = key if len(key) <= _SHORT_KEY else sha256(key).digest()
    if told in top.keys:
        yield Duplicate(path, at)
    top.keys.add(told)
    return path


def _value(reader: Reader, path: str, open_: list[_Open]) -> Iterator[Part]:
    item = reader.item()
    if item.kind in ("map", "array"):
        open_.append(_Open(item.kind == "map", item.size, path))
    elif item.kind != "plain":
        yield Leaf(path, item)
