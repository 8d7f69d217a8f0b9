"""Edits of a file: everywhere in a small one, in many places of a large one."""

from __future__ import annotations

import os
from collections.abc import Iterator

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
_WHOLLY = 1_500 if LONG else 120
_ENDS = 30
_BETWEEN = 60

# Instructions that take what follows for their operand, that move or drop values, that end a stream;
# and what is none of these
_BYTES = b"\x00\x01\n .0(cNRt}]aeqpIKXUS\x80\x85\x8c\x93\x94\x95\xff'C2gobs\x81\x86\x8a1BTVi/P"

_SUFFIXES = (
    b"\0", b"\n", b".", b"\r\n", b"garbage", b"{}", b"N.", b"\xff" * 100, b"#" * 3000, b" " * 5000, b"text " * 500,
    bytes(512), bytes(10_240), bytes(range(256)) * 4, b"\x80\4N.", b"\x1f\x8b\x08", b"PK\3\4" + bytes(26),
    b"PK\5\6" + bytes(18), b"\x93NUMPY\1\0v\0", b"\x89PNG\r\n\x1a\n", b"\x08\0\0\0\0\0\0\0{}      ",
)  # fmt: skip


def _places(size: int) -> Iterator[int]:
    if size <= _WHOLLY:
        yield from range(size + 1)
        return
    yield from range(_ENDS)
    yield from range(_ENDS, size - _ENDS, max(1, (size - 2 * _ENDS) // _BETWEEN))
    yield from range(size - _ENDS, size + 1)


def cuts(data: bytes) -> Iterator[bytes]:
    for at in _places(len(data)):
        if at < len(data):
            yield data[:at]


def inserted(data: bytes) -> Iterator[bytes]:
    """One byte everywhere, another one each time; in the long run, every byte everywhere."""
    for at in _places(len(data)):
        for byte in range(256) if LONG else (_BYTES[(at * 7 + len(data)) % len(_BYTES)],):
            yield data[:at] + bytes((byte,)) + data[at:]


def suffixed(data: bytes) -> Iterator[bytes]:
    for suffix in (*_SUFFIXES, data):
        yield data + suffix
