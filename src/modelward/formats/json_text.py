"""Whether text is strict JSON (RFC 8259), told from windows of it: the 20 MB of a tokenizer
never become Python objects here, and memory stays within a few windows.

Strings are replaced by a mark; then every container that holds no other is replaced by a mark,
until none is left. Both marks are control characters, which text does not have. What remains
between two windows is the chain of containers that are still open.
"""

from __future__ import annotations

import re

from modelward.core.artifact import Source

LARGEST = 64 << 20
_DEEPEST = 32
_LONGEST_CHAIN = 1 << 13

_ESCAPE = re.compile(rb'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_CUT_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{0,3})?\Z")

# Possessive, so that no input makes an expression try again; (?!) for python/cpython#100061
_S = rb"[ \t\n\r]*+"
_NUMBER = rb"-?+(?:[1-9][0-9]*+|0)(?:\.[0-9]++|)(?:[eE][+-]?[0-9]++|)"
_VALUE = _S + rb"(?:[\x01\x02]|" + _NUMBER + rb"|true|false|null)" + _S
_MEMBER = _S + rb"\x01" + _S + rb":" + _VALUE
_FLAT = rb"(?![ \t\n\r]*+[\[{])"  # most brackets are told apart by their next character
_CLOSED = re.compile(
    rb"\[" + _FLAT + rb"(?:" + _VALUE + rb"(?:," + _VALUE + rb"|(?!))*+|" + _S + rb")\]"
    rb"|\{(?:" + _MEMBER + rb"(?:," + _MEMBER + rb"|(?!))*+|" + _S + rb")\}"
)
_MANY_VALUES = re.compile(rb"\[(?:" + _VALUE + rb",|(?!))++")
_MANY_MEMBERS = re.compile(rb"\{(?:" + _MEMBER + rb",|(?!))++")
_DOCUMENT = re.compile(_VALUE)
# What can be left where a document ends too early: brackets that are open, and the beginning of a member
_OPEN = re.compile(
    rb"(?:"
    + _S
    + rb"(?:\{(?:"
    + _MEMBER
    + rb",|(?!))*+"
    + _S
    + rb"\x01"
    + _S
    + rb":|\[(?:"
    + _VALUE
    + rb",|(?!))*+)|(?!))*+"
    + rb"(?:"
    + _S
    + rb"\{(?:"
    + _MEMBER
    + rb",|(?!))*+(?:"
    + _S
    + rb"\x01(?:"
    + _S
    + rb":|(?!))?+|(?!))?+|(?!))?+"
    + _S
    + rb"(?:[\x01\x02]|-?+[0-9eE.+-]*+|[a-z]{1,5})"
    + _S
)
_WINDOW = 1 << 18


class JsonText:
    """Fed with UTF-8 text that has no control characters but white space, in pieces; `finish`
    says whether all of it was one JSON document. One nested deeper than 32 may be missed."""

    def __init__(self) -> None:
        self._chain = b""
        self._in_string = False
        self._escape = b""  # what the last window cut off
        self._possible = True

    def feed(self, piece: bytes) -> None:
        if self._possible:
            self._chain = _fold(self._chain + self._without_strings(piece))
            self._possible &= len(self._chain) <= _LONGEST_CHAIN

    def finish(self) -> bool:
        done = self._possible and not self._in_string and not self._escape
        return done and _DOCUMENT.fullmatch(self._chain) is not None

    def cut_off(self) -> bool:
        """Whether it began as a document and no end has come."""
        return self._possible and _OPEN.fullmatch(self._chain) is not None and not self.finish()

    def _without_strings(self, piece: bytes) -> bytes:
        text = self._escape + piece
        self._escape = b""
        if b"\\" in text:
            text = _ESCAPE.sub(b"_", text)
            if cut := _CUT_ESCAPE.search(text, len(text) - 5):
                self._escape, text = cut[0], text[: cut.start()]
            self._possible &= b"\\" not in text
        parts = (b'"' + text if self._in_string else text).split(b'"')
        self._in_string = len(parts) % 2 == 0
        strings = b"".join(parts[1::2])
        self._possible &= len(strings.translate(None, b"\t\n\v\f\r\x1b")) == len(strings)
        return b"\x01".join(parts[::2])


def cut_off(source: Source) -> bool:
    """Whether *source* is the beginning of a JSON document, of at most LARGEST bytes, without its end."""
    if source.size > LARGEST:
        return False
    text = JsonText()
    for at in range(0, source.size, _WINDOW):
        text.feed(source.read(at, _WINDOW))
    return text.cut_off()


def _fold(chain: bytes) -> bytes:
    for _ in range(_DEEPEST):
        chain, count = _CLOSED.subn(b"\x02", chain)
        if not count:
            break
    chain = _MANY_VALUES.sub(b"[\x02,", chain)
    return _MANY_MEMBERS.sub(b"{\x01:\x02,", chain)
