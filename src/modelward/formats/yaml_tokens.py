"""YAML tokens as PyYAML, libyaml and ruamel.yaml scan them; where those differ, as the one that sees more.

What decides whether a `!` begins a tag is the scanner alone: quotes, comments, the indentation that ends
a block scalar, and the rule of simple keys, which sets that indentation.
https://yaml.org/spec/1.1/#id857168 https://yaml.org/spec/1.2.2/#chapter-6-structural-productions
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_LONGEST_KEY = 1024  # a simple key is on one line and no longer; the specification says so

_BREAKS = ("\r\n\x85\u2028\u2029", "\r\n")  # of YAML 1.1, and of 1.2
_INDICATORS = "-?:,[]{}#&*!|>'\"%@`"
_FLOW = {"[": "flow-sequence", "{": "flow-mapping"}
_SINGLE = re.compile(r"'(?:[^']++|'')*+'")
_DOUBLE = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_ANCHOR = re.compile(r"[&*]([^\s,\[\]{}]*[^\s,\[\]{}:]|)")
_TAG = re.compile(r"!<[^>\s]*>|![^\s]*")
_FLOW_TAG = re.compile(r"!<[^>\s]*>|![^\s,\[\]{}]*")


class NotYaml(Exception):
    """No scanner goes on here. The text says why."""

    def __init__(self, why: str, at: int) -> None:
        super().__init__(why)
        self.at = at


class Token(NamedTuple):
    kind: str
    """directive, document, block-sequence, block-mapping, block-end, flow-sequence, flow-mapping, flow-end,
    comma, entry, key, value, anchor, alias, tag, plain, quoted, literal."""
    at: int
    text: str = ""
    """As it is written, quotes included."""


class _Key(NamedTuple):
    number: int
    at: int
    line: int
    column: int
    required: bool


class Scanner:
    """The tokens of *text*, in order. Raises NotYaml where a scanner stops; *at* counts characters."""

    def __init__(self, text: str, *, old_breaks: bool = True) -> None:
        self._text = text
        self._at = 1 if text.startswith("\ufeff") else 0
        self._line, self._line_start = 0, self._at
        self._flow, self._indent = 0, -1
        self._indents: list[int] = []
        self._simple = True  # whether a simple key may begin here
        self._keys: dict[int, _Key] = {}  # possible ones by flow level, the oldest first
        self._tokens: list[Token] = []
        self._taken = 0
        self._ended = False
        breaks = _BREAKS[0] if old_breaks else _BREAKS[1]
        self._white = " \t" + breaks
        self._breaks = breaks
        self._break = re.compile(f"\r\n|[{breaks}]")
        self._space = re.compile(rf"[ \t]*+(?:\#[^{breaks}]*+)?(\r\n|[{breaks}])?")
        self._rest_of_line = re.compile(f"[^{breaks}]*+")
        self._header = re.compile(rf"[|>](?:[+-]?([1-9])?[+-]?)[ \t]*+(?:\#[^{breaks}]*+)?(?:\r\n|[{breaks}]|\Z)")
        self._marker = re.compile(rf"(?:---|\.\.\.)(?=[ \t{breaks}]|\Z)")
        # (?!): python/cpython#100061
        word = rf"(?:[^ \t{breaks}:]|:(?![ \t{breaks}]|\Z))"
        flow_word = rf"(?:[^ \t{breaks}:,?\[\]{{}}]|:(?![ \t{breaks},\[\]{{}}]|\Z))"
        plain, flow = (rf"(?:{one}|[ \t]++(?!\#)(?={one})|(?!))++" for one in (word, flow_word))
        self._plain = (re.compile(plain), re.compile(flow))

    def run(self) -> Iterator[Token]:
        """Can be taken from until it raises; what came before stays true."""
        while True:
            while not self._ended and self._waits():
                self._fetch()
            if not self._tokens:
                return
            ready, self._tokens = self._tokens, []
            first = next(iter(self._keys.values()), None)
            cut = len(ready) if first is None or self._ended else first.number - self._taken
            ready, self._tokens = ready[:cut], ready[cut:]
            self._taken += len(ready)
            yield from ready

    def _waits(self) -> bool:
        """Whether the next token may still turn out to be a key."""
        self._drop_stale_keys()
        first = next(iter(self._keys.values()), None)
        return not self._tokens or (first is not None and first.number == self._taken)

    @property
    def _column(self) -> int:
        return self._at - self._line_start

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._text[at] if at < len(self._text) else ""

    def _is_white(self, ahead: int) -> bool:
        char = self._peek(ahead)
        return not char or char in self._white

    def _add(self, kind: str, to: int | None = None) -> None:
        """A token that ends at *to*; by default an empty one."""
        start = self._at
        if to is not None:
            self._move(to)
        self._tokens.append(Token(kind, start, self._text[start : self._at]))

    def _move(self, to: int) -> None:
        for found in self._break.finditer(self._text, self._at, to):
            self._line += 1
            self._line_start = found.end()
        self._at = to

    # -- simple keys and indentation

    def _drop_stale_keys(self) -> None:
        while self._keys:
            level, key = next(iter(self._keys.items()))
            if key.line == self._line and self._at - key.at <= _LONGEST_KEY:
                return
            self._forget_key(level)

    def _forget_key(self, level: int | None = None) -> None:
        key = self._keys.pop(self._flow if level is None else level, None)
        if key is not None and key.required:
            raise NotYaml("a key without its colon", key.at)

    def _may_be_key(self) -> None:
        if self._simple:
            self._forget_key()
            required = not self._flow and self._indent == self._column
            number = self._taken + len(self._tokens)
            self._keys[self._flow] = _Key(number, self._at, self._line, self._column, required)

    def _unwind(self, column: int) -> None:
        while not self._flow and self._indent > column:
            self._indent = self._indents.pop()
            self._add("block-end")

    def _deepen(self, column: int) -> bool:
        if self._flow or self._indent >= column:
            return False
        self._indents.append(self._indent)
        self._indent = column
        return True

    # -- one token

    def _fetch(self) -> None:
        self._skip_space()
        self._drop_stale_keys()
        self._unwind(self._column)
        char = self._peek()
        if not char:
            self._unwind(-1)
            self._forget_key()
            self._ended = True
        elif not self._column and (char == "%" or self._marker.match(self._text, self._at)):
            self._outside(char)
        elif char in _FLOW:
            self._may_be_key()
            self._flow += 1
            self._simple = True
            self._add(_FLOW[char], self._at + 1)
        elif char in "]},":
            self._flow_end_or_comma(char)
        elif char in "-?:" and (self._is_white(1) or (self._flow and char != "-")):
            {"-": self._entry, "?": self._question, ":": self._colon}[char]()
        elif char in "&*!'\"":
            self._may_be_key()
            self._simple = False
            self._property_or_quoted(char)
        elif char in "|>" and not self._flow:
            self._literal()
        elif char not in _INDICATORS or (char == "-" or (char in "?:" and not self._flow)):
            self._may_be_key()
            self._plain_scalar()
        else:
            raise NotYaml(f"nothing begins with {char}", self._at)

    def _skip_space(self) -> None:
        while found := self._space.match(self._text, self._at):
            self._move(found.end())
            if found[1] is None:
                return
            if not self._flow:
                self._simple = True

    def _outside(self, char: str) -> None:
        """A directive, or the mark between documents."""
        self._unwind(-1)
        self._forget_key()
        self._simple = False
        if char == "%":
            line = self._rest_of_line.match(self._text, self._at)
            self._add("directive", line.end() if line else self._at + 1)
        else:
            self._add("document", self._at + 3)

    def _flow_end_or_comma(self, char: str) -> None:
        self._forget_key()
        self._simple = char == ","
        if char != ",":
            self._flow = max(0, self._flow - 1)
        self._add("comma" if char == "," else "flow-end", self._at + 1)

    def _entry(self) -> None:
        self._new_in_block("block-sequence", "an entry where none may stand")
        self._simple = True
        self._forget_key()
        self._add("entry", self._at + 1)

    def _question(self) -> None:
        self._new_in_block("block-mapping", "a key where none may stand")
        self._simple = not self._flow
        self._forget_key()
        self._add("key", self._at + 1)

    def _new_in_block(self, kind: str, problem: str) -> None:
        if not self._flow and not self._simple:
            raise NotYaml(problem, self._at)
        if self._deepen(self._column):
            self._add(kind)

    def _colon(self) -> None:
        key = self._keys.pop(self._flow, None)
        if key is None:
            self._new_in_block("block-mapping", "a value where none may stand")
            self._simple = not self._flow
        else:
            place = key.number - self._taken
            new = [Token("block-mapping", key.at)] if self._deepen(key.column) else []
            self._tokens[place:place] = [*new, Token("key", key.at)]
            self._simple = False
        self._add("value", self._at + 1)

    def _property_or_quoted(self, char: str) -> None:
        if char == "!":
            pattern, kind = (_FLOW_TAG if self._flow else _TAG), "tag"
        elif char in "&*":
            pattern, kind = _ANCHOR, "anchor" if char == "&" else "alias"
        else:
            pattern, kind = (_SINGLE if char == "'" else _DOUBLE), "quoted"
        found = pattern.match(self._text, self._at)
        if found is None:
            raise NotYaml("a quoted text without its end", self._at)
        self._add(kind, found.end())

    def _literal(self) -> None:
        """A block scalar: all lines that are indented enough."""
        header = self._header.match(self._text, self._at)
        if header is None:
            raise NotYaml("a block scalar with more than its header", self._at)
        self._simple = True
        self._forget_key()
        least = max(1, self._indent + 1)
        indent = least + int(header[1]) - 1 if header[1] else None
        end, blanks = header.end(), 0
        while end < len(self._text):
            line = self._rest_of_line.match(self._text, end)
            stop = line.end() if line else end
            spaces = min(stop, end + len(self._text[end:stop]) - len(self._text[end:stop].lstrip(" "))) - end
            if spaces == stop - end and (indent is None or spaces < indent):  # blank
                blanks = max(blanks, spaces)
            else:
                indent = max(least, blanks, spaces) if indent is None else indent
                if spaces < indent:
                    break
            found = self._break.match(self._text, stop)
            end = found.end() if found else stop
        self._add("literal", end)

    def _plain_scalar(self) -> None:
        chunk = self._plain[bool(self._flow)]
        start = end = self._at
        while self._peek() != "#" and (found := chunk.match(self._text, self._at)):
            self._simple = False
            self._move(found.end())
            end = self._at
            if not self._skip_plain_space() or (not self._flow and self._column <= self._indent):
                break
        if end == start:
            raise NotYaml("a plain text without a character", start)
        self._tokens.append(Token("plain", start, self._text[start:end]))

    def _skip_plain_space(self) -> bool:
        """Whether the text may go on behind it."""
        start = self._at
        while self._peek() and self._peek() in self._white:
            if self._peek() in self._breaks:
                self._simple = True
            found = self._break.match(self._text, self._at)
            self._move(found.end() if found else self._at + 1)
            if not self._column and self._marker.match(self._text, self._at):
                return False
        return self._at > start
