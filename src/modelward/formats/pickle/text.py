"""The strings and numbers of a pickle, as the unpicklers decode them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from modelward.core.artifact import Source
from modelward.formats.pickle.window import LONGEST_LINE, WINDOW, Broken, Window
from modelward.formats.source import Budget, Stream

_MOST_DIGITS = 4300
_WIDTHS = {0x8C: 1, 0x58: 4, 0x8D: 8, 0x55: 1, 0x54: 4}


def utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise Broken("a string that is not UTF-8") from error


def python2_text(data: bytes) -> str:
    """STRING and friends decode as ASCII by default; torch passes utf-8, pandas latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def quoted(line: bytes) -> str:
    if len(line) >= LONGEST_LINE:
        return line.decode("latin-1")  # its end is not here; what matters is that it is long
    if len(line) < 2 or line[0] != line[-1] or line[:1] not in (b"'", b'"'):
        raise Broken("STRING without quotes")
    return python2_text(_ESCAPE.sub(_unescape, line[1:-1]))


# What codecs.escape_decode takes; that one warns of unknown escapes, and later will refuse them
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|(.))?", re.DOTALL)
_ESCAPED = dict(zip(b"\n\\'\"abfnrtv", (b"", *(bytes([c]) for c in b"\\'\"\a\b\f\n\r\t\v")), strict=True))


def _unescape(found: re.Match[bytes]) -> bytes:
    octal, hexadecimal, letter = found.groups()
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if letter is None or letter == b"x":
        raise Broken("STRING with a bad escape")
    return _ESCAPED.get(letter[0], found[0])


def raw_unicode(line: bytes) -> str:
    return line.decode("raw-unicode-escape", "replace")


def line_name(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace")


def number(line: bytes, base: int = 0) -> int | None:
    """None for a number of more digits than Python converts unless it is told to."""
    text = line.decode("latin-1").strip()
    if len(text.replace("_", "")) > _MOST_DIGITS:
        return None
    if base == 0 and text.lstrip("+-").startswith("0") and text.lstrip("+-").isdigit():
        base = 8  # as strtol reads 010
    try:
        return int(text, base)
    except ValueError as error:
        if base == 8:
            return 0  # a number for some unpickler; its value does not matter
        raise Broken("a number that is none") from error


def read_text(source: Source, at: int) -> str | None:
    """The string pushed by the opcode at *at*, None if it is too long to be a name."""
    head = source.read(at, 9)
    if head[0] in (0x53, 0x56):
        line = Window(source, at + 1).line()
        if len(line) == LONGEST_LINE:
            return None
        return raw_unicode(line) if head[0] == 0x56 else quoted(line)
    width = _WIDTHS[head[0]]
    size = int.from_bytes(head[1 : 1 + width], "little")
    if size > LONGEST_LINE:
        return None
    data = source.read(at + 1 + width, size)
    return python2_text(data) if head[0] in (0x54, 0x55) else utf8(data)


def text_span(source: Source, at: int) -> tuple[int, int]:
    """(start, size) of the bytes that the opcode at *at* makes a string of, as they stand."""
    window = Window(source, at)
    op = window.unsigned(1)
    if op in (0x53, 0x56):
        start = window.here
        window.line()
        return start, window.here - 1 - start
    size = window.unsigned(_WIDTHS[op])
    return window.here, size


def latin1_source(source: Source, at: int, budget: Budget) -> Stream:
    """The bytes that `_codecs.encode(text, "latin1")` makes of the string pushed by the opcode at *at*:
    how pickles below protocol 3 write bytes. Characters beyond latin-1 (where it fails) become "?"."""

    def produce() -> Iterator[bytes]:
        window = Window(source, at)
        op = window.unsigned(1)
        size = 1 << 62 if op == 0x56 else window.unsigned(_WIDTHS.get(op, 8))
        decoder = codecs.getincrementaldecoder("raw-unicode-escape" if op == 0x56 else "utf-8")("replace")
        start = window.here
        end = start + size
        while start < end:
            data = source.read(start, min(WINDOW, end - start))
            start += len(data)
            if op == 0x56 and b"\n" in data:
                data, start = data.partition(b"\n")[0], end
            elif not data:
                start = end
            yield decoder.decode(data, final=start >= end).encode("latin-1", "replace")

    return Stream(lambda: (piece for piece in produce() if piece), budget)
