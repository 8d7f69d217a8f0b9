"""dlib's serialisation: numbers of one to eight bytes, texts, and the arrays of networks.

http://dlib.net/dlib/serialize.h.html. A number is a byte with its length (and its sign), and that many
bytes. The stream does not say what a number is for; so this checks that all of it is numbers, texts
and arrays, to the last byte, and does not follow what they mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod

from modelward.core.artifact import Source

_WINDOW = 1 << 20
_OVERLAP = 64
_LOOK_BACK = 400
_MOST_ARRAYS = 100_000
_MOST_STEPS = 1_000_000

_NUMBER = rb"|".join(rb"[\x%02x\x%02x]" % (n, 0x80 | n) + rb"." * n for n in range(1, 9))
_NUMBERS = re.compile(rb"(?:" + _NUMBER + rb"|[01])++", re.DOTALL)  # a bool is a digit
_NAME = re.compile(rb"[a-z][a-z0-9_]*")
# What resize_to of a tensor wrote: its version, and four sizes; the floats follow as they are
_SIZE = rb"(?:\x01.|\x02..|\x03...|\x04....)"
_ARRAY = re.compile(rb"\x01\x02(%b)(%b)(%b)(%b)" % (_SIZE, _SIZE, _SIZE, _SIZE), re.DOTALL)
# A matrix of points with its sizes, which are negative; or the name of a loss layer
_PREDICTOR = re.compile(rb"\x01\x01(?:\x81.|\x82..)\x81\x01(?:(?:" + _NUMBER + rb"){40}|.{0,400}\Z)", re.DOTALL)
_NETWORK = re.compile(rb"\x01\x01\x01[\x05-\x20]loss_[a-z0-9_]+[\x01-\x08]")


def is_dlib(head: bytes) -> bool:
    """A shape predictor or a network; other objects begin like any other bytes."""
    return _PREDICTOR.match(head) is not None or _NETWORK.match(head) is not None


@dataclass(frozen=True, slots=True)
class DlibFacts:
    arrays: tuple[tuple[int, int], ...]
    """[start, end) of the floats of each array."""
    broken_at: int | None
    """Where something stands that is neither number nor text nor array."""


def read_dlib(source: Source) -> DlibFacts:
    """Reads the file once, arrays apart."""
    arrays: list[tuple[int, int]] = []
    at, size = 0, source.size
    for _ in range(_MOST_STEPS):
        window = source.read(at, _WINDOW)
        run = _NUMBERS.match(window)
        end = at + (run.end() if run else 0)
        if end == size:
            return DlibFacts(tuple(arrays), None)
        if end - at > _WINDOW - _OVERLAP:
            at = end
            continue
        after = _text_end(source, end) or _array_end(source, end, arrays)
        if after is None or after > size or len(arrays) > _MOST_ARRAYS:
            return DlibFacts(tuple(arrays), end)
        at = after
    return DlibFacts(tuple(arrays), at)


def _text_end(source: Source, at: int) -> int | None:
    """The name of a layer, whose length was taken for a number like any other."""
    length = source.read(at - 2, 2) if at > 1 else b""
    if length[:1] != b"\x01":
        return None
    name = source.read(at, length[1])
    return at + len(name) if len(name) == length[1] and _NAME.fullmatch(name) else None


def _array_end(source: Source, at: int, arrays: list[tuple[int, int]]) -> int | None:
    """The floats of an array begin a little before *at*: their first bytes can look like numbers."""
    start = max(arrays[-1][1] if arrays else 0, at - _LOOK_BACK)
    heads = list(_ARRAY.finditer(source.read(start, at - start)))
    for head in reversed(heads):
        count = prod(int.from_bytes(size[1:], "little") for size in head.groups())
        if count:
            begin = start + head.end()
            arrays.append((begin, begin + 4 * count))
            return begin + 4 * count
    return None
