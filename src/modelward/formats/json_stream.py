"""JSON documents of any size, read window by window. The mass of a vocabulary or of a table of
numbers is passed over; everything that can say something is kept, as json_tree keeps it.

What is passed over, and only behind the first thousand entries of a list or an object:

- entries of lists that are numbers, short strings, or short lists of these (merges, scored pieces);
- entries of objects that are numbers (vocabularies).

Numbers in lists are passed over from the first one on.
"""

from __future__ import annotations

import json
import re
from typing import Any

from modelward.core.artifact import Source
from modelward.formats.json_tree import Followed, NotJson, Object, Value

_WINDOW = 1 << 20
_LOW = 1 << 16
"""So many bytes are wanted ahead: a run that the window's end cuts is read as single values."""
_MOST_VALUES = 200_000
_MOST_TEXT = 16 << 20
_LONGEST_TEXT = 4 << 20
_DEEPEST = 200
_KEPT = 1_000

# Possessive, so that no input makes an expression try again; (?!) for python/cpython#100061
_S = rb"[ \t\r\n]*+"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SHORT = rb'"[^"\\]{0,200}+(?:\\.[^"\\]{0,50}+){0,50}+"'
_PLAIN = rb'"[^"\\]*+"'
_NUMBER = rb"(?:-?[0-9][0-9eE.+-]*+|-?Infinity|NaN)"
_LITERAL = rb"(?:" + _NUMBER + rb"|true|false|null)"
_FLAT = rb"\[" + _S + rb"(?:(?:" + _SHORT + rb"|" + _LITERAL + rb")" + _S + rb",?" + _S + rb"|(?!)){0,20}+\]"
_ENTRY = rb"(?:" + _LITERAL + rb"|" + _SHORT + rb"|" + _FLAT + rb")"
# What follows is looked at, since the window may end in the middle of an entry
_NUMBERS = re.compile(rb"(?:" + _S + rb"," + _S + _NUMBER + _S + rb"(?=[,\]])|(?!))++")
_ENTRIES = re.compile(rb"(?:" + _S + rb"," + _S + _ENTRY + _S + rb"(?=[,\]])|(?!))++", re.DOTALL)
_MEMBERS = re.compile(
    rb"(?:" + _S + rb"," + _S + _STRING + _S + rb":" + _S + _LITERAL + _S + rb"(?=[,}])|(?!))++", re.DOTALL
)
_PAIRS = re.compile(rb"(?:" + _S + rb"," + _S + _PLAIN + _S + rb":" + _S + _PLAIN + _S + rb"(?=[,}])|(?!))++")
_TOKEN = re.compile(_S + rb"(?:(" + _STRING + rb")|([\[{\]},:])|(" + _LITERAL + rb"))", re.DOTALL)
_SPACE = re.compile(_S)
_LITERALS: dict[bytes, Value] = {b"true": True, b"false": False, b"null": None}


def read(source: Source) -> Value:
    """The document in *source*, UTF-8 with or without a mark. Raises NotJson for what is none, and
    where more than _MOST_VALUES would have to be kept; Followed with what could be read."""
    return _Reader(source).document()


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._buffer = source.read(0, _WINDOW)
        self._fetched = len(self._buffer)
        self._at = 3 if self._buffer.startswith(b"\xef\xbb\xbf") else 0
        self._ended = False
        self._values = self._text = 0
        self._same: dict[str, str] = {}
        self._stack: list[Object | list[Any]] = []
        self._keys: list[str] = []

    def _more(self) -> bool:
        if self._ended:
            return False
        rest = self._buffer[self._at :]
        if len(rest) > _LONGEST_TEXT:
            raise NotJson("a string longer than any that is kept")
        piece = self._source.read(self._fetched, max(_WINDOW, len(rest)))
        self._buffer, self._at = rest + piece, 0
        self._fetched += len(piece)
        self._ended = not piece
        return not self._ended

    def _token(self) -> re.Match[bytes]:
        while True:
            found = _TOKEN.match(self._buffer, self._at)
            if (found is None or found.end() == len(self._buffer)) and self._more():
                continue
            if found is None:
                raise NotJson("not JSON")
            self._at = found.end()
            return found

    def document(self) -> Value:
        value = self._value(self._token())
        while self._stack:
            self._skip()
            token = self._token()
            container = self._stack[-1]
            if token[2] in (b"]", b"}"):
                value = self._close(token[2])
                continue
            if token[2] == b",":
                token = self._token()
            if isinstance(container, Object):
                key = self._string(token)
                if self._token()[2] != b":":
                    raise NotJson("not JSON")
                self._put(container, key, self._token())
            else:
                self._put(container, None, token)
        if self._is_followed():
            raise Followed(value)
        return value

    def _skip(self) -> None:
        """Passes over what need not be kept, and takes what comes in masses."""
        if len(self._buffer) - self._at < _LOW:
            self._more()
        container = self._stack[-1]
        full = len(container) >= _KEPT
        if isinstance(container, Object):
            self._take_pairs(container)
            run = _MEMBERS if full else None
        else:
            run = _ENTRIES if full else _NUMBERS
        while run and (found := run.match(self._buffer, self._at)):
            self._at = found.end()
            if len(self._buffer) - self._at >= _LOW or not self._more():
                break

    def _take_pairs(self, container: Object) -> None:
        """Members that are plain text, as an index of shards has by the hundred thousand."""
        run = _PAIRS.match(self._buffer, self._at)
        if run is None:
            return
        self._at = run.end()
        pieces = self._decoded(run[0]).split('"')
        keys, values = pieces[1::4], pieces[3::4]
        self._count(len(keys), len(run[0]))
        container.extend(zip(keys, map(self._shared, values), strict=True))

    def _put(self, container: Object | list[Any], key: str | None, token: re.Match[bytes]) -> None:
        depth = len(self._stack)
        value = self._value(token)
        entry: Any = value if key is None else (key, value)
        container.append(entry)
        if len(self._stack) == depth and key is None and isinstance(value, float):
            container.pop()

    def _value(self, token: re.Match[bytes]) -> Value:
        self._count(1, 0)
        if token[1]:
            return self._string(token)
        if token[3]:
            return _LITERALS[token[3]] if token[3] in _LITERALS else _float(token[3])
        if token[2] not in (b"[", b"{"):
            raise NotJson("not JSON")
        opened: Object | list[Any] = Object() if token[2] == b"{" else []
        self._stack.append(opened)
        if len(self._stack) > _DEEPEST:
            raise NotJson(f"nested deeper than {_DEEPEST} levels")
        return opened

    def _close(self, bracket: bytes) -> Value:
        closed = self._stack.pop()
        if isinstance(closed, Object) != (bracket == b"}"):
            raise NotJson("not JSON")
        return closed

    def _string(self, token: re.Match[bytes]) -> str:
        raw = token[1]
        if not raw:
            raise NotJson("not JSON")
        if len(raw) > _LONGEST_TEXT:
            raise NotJson("a string longer than any that is kept")
        self._count(0, len(raw))
        text = self._decoded(raw)
        if "\\" not in text:
            return self._shared(text[1:-1])
        try:
            unescaped: str = json.loads(text, strict=False)
        except ValueError as error:
            raise NotJson("not JSON") from error
        return unescaped

    def _decoded(self, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise NotJson("not UTF-8") from error

    def _shared(self, text: str) -> str:
        """Shards and types are named again and again."""
        return self._same.setdefault(text, text) if len(self._same) < 10_000 else self._same.get(text, text)

    def _count(self, values: int, text: int) -> None:
        self._values += values
        self._text += text
        if self._values > _MOST_VALUES or self._text > _MOST_TEXT:
            raise NotJson(f"more than the {_MOST_VALUES:,} values or {_MOST_TEXT:,} bytes of text that are kept")

    def _is_followed(self) -> bool:
        while True:
            found = _SPACE.match(self._buffer, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._buffer):
                return True
            if not self._more():
                return False


def _float(raw: bytes) -> float:
    try:
        return float(raw[:400])
    except ValueError as error:
        raise NotJson("not JSON") from error
