"""Untrusted text made visible, so that no name can forge a line of a report or hide in it."""

from __future__ import annotations

import re

# Every character that moves the cursor, breaks the line, reorders its neighbours, takes no room or
# has no agreed look. Ranges of our own: unicodedata knows other characters in every Python version.
# To compile it takes milliseconds, so that is left to whoever needs it.
_INVISIBLE = (
    "["
    "\x00-\x1f\x7f-\xa0\xad"  # C0 and C1 controls, no-break space, soft hyphen
    "\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"  # joiner, Arabic and Syriac format characters
    "\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"  # fillers and vowels without a look, Mongolian selectors
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800"  # spaces, zero widths, separators, bidi controls, empty Braille
    "\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"  # wide space, fillers, selectors, byte order mark
    "\ud800-\udfff\ue000-\uf8ff"  # lone surrogates, private use
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff"  # tags and selectors, private use
    "]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """*text* on one line, with nothing in it that a terminal obeys or that a reader cannot see."""
    return text if text.isascii() and text.isprintable() else re.sub(_INVISIBLE, _escape, text)


def sound(text: str) -> str:
    """*text* as JSON can carry it: lone surrogates are escaped, everything else stays."""
    return _SURROGATE.sub(_escape, text)


def json_on_terminal(text: str) -> str:
    """The same JSON value, with what a terminal could obey escaped inside the strings. Not canonical."""
    return re.sub(_INVISIBLE, _json_escape, text)


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if char in _SHORT:
        return _SHORT[char]
    point = ord(char)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _json_escape(found: re.Match[str]) -> str:
    point = ord(found[0])
    if found[0] == "\n" or point < 0x10000:
        return found[0] if found[0] == "\n" else f"\\u{point:04x}"
    point -= 0x10000
    return f"\\u{0xD800 + (point >> 10):04x}\\u{0xDC00 + (point & 0x3FF):04x}"
