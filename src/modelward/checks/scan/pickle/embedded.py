"""Pickles kept as data inside a pickle: bytes, or a text in base64 or hexadecimal.

Nothing loads them with the pickle around them, so being there is no finding; what they would do is,
since a second stage that waits in plain sight is the usual reason to put one there.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from modelward.checks.scan.here import Nested
from modelward.core.artifact import Source
from modelward.formats.source import BytesSource, Slice

_SEARCHED = 16 << 20
_WINDOW = 1 << 18
_LONGEST = 1 << 20
_MOST = 100

# PROTO 2 to 5 and an opcode that picklers write next; in base64, and in hexadecimal
_RAW = re.compile(rb"\x80[\x02-\x05][\x95}\](c\x8cXK\x89\x88N]")
_BASE64 = re.compile(rb"gA[IJKLMNOPQRSTUVWX][A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re.compile(rb"800[2-5](?i:95|7d|5d|28|63|8c|58|4b)(?:[0-9a-fA-F]{2}){8,}")
# As protocol 0 to 2 keep bytes: a text of their Latin-1 characters, in UTF-8
_LATIN1 = re.compile(rb"X(....)(?=\xc2\x80[\x02-\x05])", re.DOTALL)
_LENGTHS = ((b"C", 1), (b"B", 4), (b"\x8e", 8), (b"\x96", 8))


def embedded_pickles(source: Source, start: int, end: int) -> Iterator[Nested]:
    """Those in the first 16 MiB of the pickle [start, end), as far as they are whole."""
    found = 0
    for at in range(start, min(end, start + _SEARCHED), _WINDOW):
        margin = min(at - start, 9)
        window = source.read(at - margin, min(_WINDOW + _LONGEST, end - at) + margin)
        for nested in _in_window(source, window, at - margin, min(_WINDOW + margin, len(window))):
            yield nested
            found += 1
            if found == _MOST:
                return


def _in_window(source: Source, window: bytes, base: int, limit: int) -> Iterator[Nested]:
    for head in _RAW.finditer(window, 0, limit):
        for opcode, width in _LENGTHS:
            first = head.start() - width
            size = int.from_bytes(window[max(first, 0) : head.start()], "little")
            if first > 0 and window[first - 1 : first] == opcode and 2 < size <= source.size - base - head.start():
                yield Nested(f"<bytes at {base + head.start()}>", Slice(source, base + head.start(), size), raw=True)
    for head in _LATIN1.finditer(window, 0, limit):
        text = window[head.end() : head.end() + int.from_bytes(head[1], "little")].decode("utf-8", "ignore")
        yield Nested(f"<text at {base + head.start()}>", BytesSource(text.encode("latin-1", "ignore")), raw=True)
    for found in _BASE64.finditer(window, 0, len(window)):
        if found.start() < limit and (data := _base64(found[0])):
            yield Nested(f"<base64 at {base + found.start()}>", BytesSource(data), raw=True)
    for found in _HEX.finditer(window, 0, len(window)):
        if found.start() < limit:
            data = binascii.unhexlify(found[0])
            yield Nested(f"<hexadecimal at {base + found.start()}>", BytesSource(data), raw=True)


def _base64(text: bytes) -> bytes:
    """What stands in *text*, in the alphabet of RFC 4648 or the one for URLs."""
    text = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    text = text[: len(text) - (len(text) % 4 == 1)]
    return base64.b64decode(text + b"=" * (-len(text) % 4))
