"""Universal Binary JSON, as XGBoost writes its models. https://ubjson.org

Arrays of numbers of one type are passed over as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelward.core.artifact import Source
from modelward.formats.cursor import Broken, Cursor
from modelward.formats.value_tree import UNTIL_END, Gap, Item, Part, walk
from modelward.formats.xgboost import LISTS

_WIDTHS = {b"Z": 0, b"T": 0, b"F": 0, b"i": 1, b"U": 1, b"C": 1, b"I": 2, b"l": 4, b"d": 4, b"L": 8, b"D": 8}
_INTEGERS = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8}
_LONGEST_KEY = 1 << 10
_SNIFFED = 10_000
_OF_ONE_TYPE = frozenset(name.encode() for name in LISTS)
_NOTHING = b"N"  # may stand before a value
_MOST_NOTHING = 8


class Ubjson:
    """Reads one value after the other."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.cursor = Cursor(source, order=">")
        self._key = b""

    def item(self) -> Item:
        at = self.cursor.at
        return self._item(self._mark(), at)

    def _item(self, mark: bytes, at: int) -> Item:
        if mark in _WIDTHS:
            self.cursor.skip(_WIDTHS[mark])
            return Item("plain")
        if mark in (b"S", b"H"):
            size = self._length(self._mark())
            return Item("text", self.cursor.skip(size), size)
        if mark in (b"[", b"{"):
            return self._container("map" if mark == b"{" else "array", at)
        raise Broken("a value of a kind that the format does not have", at)

    def _container(self, kind: str, at: int) -> Item:
        """With a count it has no mark at its end; with a type, its values have none of their own."""
        is_map, width = kind == "map", None
        if self._next_is(b"$"):
            mark = self.cursor.take(1)
            width = _WIDTHS.get(mark)
            if width is None or is_map or not self._next_is(b"#"):
                raise Broken("a container of one type that is no array of numbers", at)
            count = self._length(self._mark())
            start = self.cursor.skip(width * count)
            return Item("numbers", start, width * count, mark[0])
        if self._key in _OF_ONE_TYPE and not is_map:
            raise Broken("a list of the nodes of a tree that is no array of one type", at)
        count = self._length(self._mark()) if self._next_is(b"#") else UNTIL_END
        if count > self.cursor.left:
            raise Broken(f"{count:,} entries are announced, {self.cursor.left:,} bytes are left", at, True)
        return Item("map" if is_map else "array", at, count)

    def key(self) -> bytes:
        at = self.cursor.at
        size = self._length(self._mark())
        if size > _LONGEST_KEY:
            raise Broken(f"a key of more than {_LONGEST_KEY:,} bytes", at)
        self._key = self.cursor.take(size)
        return self._key

    def is_end(self, is_map: bool) -> bool:
        return self._next_is(b"}" if is_map else b"]")

    def plain_ahead(self, most: int) -> int:
        return 0  # many numbers stand in an array of one type

    def _next_is(self, mark: bytes) -> bool:
        if self.source.read(self.cursor.at, 1) != mark or not self.cursor.left:
            return False
        self.cursor.skip(1)
        return True

    def _mark(self) -> bytes:
        mark = self.cursor.take(1)
        for _ in range(_MOST_NOTHING):
            if mark != _NOTHING:
                break
            mark = self.cursor.take(1)
        return mark

    def _length(self, mark: bytes) -> int:
        at = self.cursor.at
        if mark not in _INTEGERS:
            raise Broken("a length that is no integer", at)
        length = int.from_bytes(self.cursor.take(_INTEGERS[mark]), "big", signed=mark != b"U")
        if length < 0:
            raise Broken("a length below zero", at)
        return length


def read_ubjson(source: Source) -> Iterator[Part]:
    """The one value that the source holds; bytes behind it are a Gap."""
    return walk(Ubjson(source))


def is_ubjson(source: Source, head: bytes) -> bool:
    """An object whose first key is a word of at most 255 letters, and that can be followed as far as it goes."""
    if not re.match(rb"\{(?:\#.{2,9}?)?(?:L\0{7}.|l\0{3}.|I\0.|U.|i.)[A-Za-z_]", head, re.DOTALL):
        return False
    return all(part.is_limit for part in walk(Ubjson(source), _SNIFFED) if isinstance(part, Gap))
