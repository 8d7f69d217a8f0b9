"""Which of TensorFlow's messages some bytes are: a node stands where it belongs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from modelward.formats.protobuf import BYTES, Read, fields
from modelward.formats.tensorflow import NODE_FIELDS

_GRAPH_FIELDS = frozenset(range(1, 6))
# Where nodes stand: in the graph, and in the functions of its library
_NODES: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "SavedModel": ((2, 2, 1), (2, 2, 2, 1, 3)),
    "MetaGraphDef": ((2, 1), (2, 2, 1, 3)),
    "GraphDef": ((1,), (2, 1, 3)),
}
_FIRST_TAGS = b"\x08\x0a\x12\x1a\x22\x2a\x32\x3a"
_OPERATOR = re.compile(rb"_*[A-Z][A-Za-z0-9_>.]*")
_TRIED = 16
_MANY = 10_000


def kinds(read: Read, size: int) -> tuple[str, ...]:
    """The messages that these bytes can be: those in which a node stands where it belongs. Bytes
    can be made that are more than one."""
    first = read(0, 1)
    if not first or first[0] & 0x7F not in _FIRST_TAGS:  # a number may be written with more bytes than it needs
        return ()
    found = [kind for kind, paths in _NODES.items() if any(_has_node(read, 0, size, path) for path in paths)]
    # MediaPipe's graphs have such nodes too, and streams beside them
    if "GraphDef" in found and any(one.number not in _GRAPH_FIELDS for one in fields(read, 0, size, _MANY)):
        found.remove("GraphDef")
    return tuple(found)


def _has_node(read: Read, start: int, end: int, path: tuple[int, ...]) -> bool:
    if not path:
        return _is_node(read, start, end)
    inner = [one for one in fields(read, start, end) if one.number == path[0] and one.wire == BYTES]
    return any(_has_node(read, one.start, min(one.end, end), path[1:]) for one in inner[:_TRIED])


def _is_node(read: Read, start: int, end: int) -> bool:
    inner = fields(read, start, end)
    operators = [one for one in inner if one.number == 2]
    if not operators or not any(one.number == 1 and one.size for one in inner):
        return False
    if any(one.number not in NODE_FIELDS or one.wire != BYTES for one in inner):
        return False
    return all(one.size <= 200 and _OPERATOR.fullmatch(read(one.start, one.size)) for one in operators)
