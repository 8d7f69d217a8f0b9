"""Texts inside a file of another format: whether one may be a file of its own."""

from __future__ import annotations

import codecs
import re

from modelward.core.artifact import Source

_WINDOW = 1 << 20
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))
_GLOBAL = re.compile(rb"[ci][A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n")  # what a pickle of protocol 0 cannot do without


def is_binary(source: Source, start: int, end: int) -> bool:
    """Whether these bytes are no text in UTF-8. Each is read once."""
    decode = codecs.getincrementaldecoder("utf-8")().decode
    for at in range(start, end, _WINDOW):
        window = source.read(at, min(_WINDOW, end - at))
        if len(window.translate(None, _CONTROLS)) != len(window):
            return True
        try:
            decode(window, at + _WINDOW >= end)
        except UnicodeDecodeError:
            return True
    return False


def may_be_file(source: Source, start: int, end: int) -> bool:
    """Whether a text is worth to be looked at as a file of its own. Short ones and words are not: there
    can be a million of them."""
    return end - start > _WINDOW or _GLOBAL.search(source.read(start, end - start)) is not None
