"""Which of TensorFlow's messages some bytes are: a node stands where it belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from modelward.formats.cursor import Broken
from modelward.formats.protobuf import BYTES, NUMBERS, Field, Read, fields, walk_cut_off

_GRAPH_FIELDS = frozenset(range(1, 6))
# Where nodes stand in field 2, which all of them have: graphs, and the functions of their libraries
_BELOW: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "SavedModel": ((2, 1), (2, 2, 1, 3)),
    "MetaGraphDef": ((1,), (2, 1, 3)),
    "GraphDef": ((1, 3),),
}
_FIRST_TAGS = b"\x08\x0a\x12\x1a\x22\x2a\x32\x3a"
_OPERATOR = re.compile(rb"_*[A-Z][A-Za-z0-9_>.]*")
_TRIED = 16  # of the nodes of one graph: TensorFlow takes all of them or none
_LONGEST = 200
_MOST_META_GRAPHS = 1_000
"""Where there are more, the rest is not looked at: it may be a SavedModel."""
_MANY = 10_000
_MOST_FIELDS = 600_000

_RUN = 64
_LONGEST_NUMBER = 9
_WINDOW = 1 << 16

UNDECIDED = "a message of very many fields"
"""The kind of what has more of them than are looked at: it may be any."""


class _TooMany(Exception):
    pass


class _Walks:
    """Walks over one file, which together see no more than so many fields."""

    def __init__(self, read: Read) -> None:
        self.read = read
        self._left = _MOST_FIELDS

    def over(self, start: int, end: int) -> Iterator[Field]:
        """The fields, without long runs of small numbers: much of what is no message at all reads as such."""
        numbers = 0
        while start < end:
            for one in walk_cut_off(self.read, start, end):
                self._left -= 1
                if self._left < 0:
                    raise _TooMany
                yield one
                numbers = 0 if one.wire == BYTES else numbers + 1
                if numbers == _RUN:
                    start, numbers = self._behind_numbers(one.end, end), 0
                    break
            else:
                return

    def _behind_numbers(self, start: int, end: int) -> int:
        while start < end:
            run = NUMBERS.match(self.read(start, min(_WINDOW, end - start)))
            length = run.end() if run else 0
            start += length
            if length < _WINDOW - _LONGEST_NUMBER:
                break
        return start


def kinds(read: Read, size: int) -> tuple[str, ...]:
    """The messages that these bytes can be: those in which a node stands where it belongs. Bytes
    can be made that are more than one, and what comes first in them says nothing about the rest."""
    if not _begins(read, size):
        return ()
    try:
        return _kinds(_Walks(read), size)
    except _TooMany:
        return (UNDECIDED,)


def _kinds(walks: _Walks, size: int) -> tuple[str, ...]:
    found = {"GraphDef"} if _has_node(walks, 0, size, (1,)) else set()
    parts = 0
    try:
        for one in walks.over(0, size):
            if one.number == 2 and one.wire == BYTES:
                end = min(one.end, size)
                parts += 1
                if parts > _MOST_META_GRAPHS:
                    found.add("SavedModel")
                    break
                found |= {
                    kind
                    for kind, paths in _BELOW.items()
                    if kind not in found and any(_has_node(walks, one.start, end, path) for path in paths)
                }
    except Broken:
        pass  # a message that was cut off
    # MediaPipe's graphs have such nodes too, and streams beside them
    if found == {"GraphDef"} and any(one.number not in _GRAPH_FIELDS for one in fields(walks.read, 0, size, _MANY)):
        return ()
    return tuple(kind for kind in _BELOW if kind in found)


def _begins(read: Read, size: int) -> bool:
    """Whether the first fields can be those of a message. Others than TensorFlow's may stand before them, but then
    all of them must fit: anything else begins with such bytes too."""
    first = fields(read, 0, size)
    # a number may be written with more bytes than it needs
    return bool(first) and (read(0, 1)[0] & 0x7F in _FIRST_TAGS or first[-1].end <= size)


def _has_node(walks: _Walks, start: int, end: int, path: tuple[int, ...]) -> bool:
    """Every message on the way is looked into: of meta graphs and functions, one may be meant."""
    others = 0
    try:
        for one in walks.over(start, end):
            if one.number != path[0] or one.wire != BYTES:
                continue
            stop = min(one.end, end)
            if path[1:]:
                if _has_node(walks, one.start, stop, path[1:]):
                    return True
                continue
            operator = _operator(walks.read, one.start, stop)
            if operator and _OPERATOR.fullmatch(operator):
                return True
            others += operator == b""  # a function can be called by any name
            if others == _TRIED:
                return False
    except Broken:
        pass
    return False


def _operator(read: Read, start: int, end: int) -> bytes:
    """That of a node; nothing where there is none."""
    inner = [one for one in fields(read, start, end) if one.wire == BYTES and one.size]
    operators = [one for one in inner if one.number == 2]
    if not operators or operators[-1].size > _LONGEST or not any(one.number == 1 for one in inner):
        return b""
    return read(operators[-1].start, operators[-1].size)
