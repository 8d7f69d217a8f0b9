"""The tokens of a Jinja template, as Jinja 3 cuts them with its usual delimiters.

https://jinja.palletsprojects.com/en/stable/templates/
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

MOST_TOKENS = 30_000
"""The longest chat templates have about 6,000."""


class Reason(Enum):
    SYNTAX = auto()
    """Jinja refuses it too."""
    END = auto()
    """The text ends where something must follow: it may be the beginning of a template."""
    SIZE = auto()
    """It may be a template, but is larger or deeper than what is read here."""


class NotATemplate(ValueError):
    """The text says why."""

    def __init__(self, why: str, at: int, reason: Reason = Reason.SYNTAX) -> None:
        super().__init__(why)
        self.at = at
        self.reason = reason


class Kind(Enum):
    DATA = auto()
    """Text that is put out as it stands."""
    OUTPUT = auto()
    TAG = auto()
    END = auto()
    """Of an output or a tag."""
    NAME = auto()
    TEXT = auto()
    NUMBER = auto()
    OPERATOR = auto()


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    value: str | int | float
    at: int


END = Token(Kind.DATA, "", -1)
"""Stands behind the last one."""

_START = re.compile(r"\{%[-+]?\s*raw\s*-?%\}|\{[{%#][-+]?")
_COMMENT_END = re.compile("#}")
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_ENDS = {"{{": re.compile(r"-?\}\}"), "{%": re.compile(r"[-+]?%\}")}

# In Jinja's order. Letters beyond ASCII are left to str.isidentifier, which it asks too
_PIECE = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<float>(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+))"
    r"|(?P<int>0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*)"
    r"|(?P<name>(?:\w|[^\x00-\x7f\s])+)"
    r"""|(?P<text>'[^'\\]*+(?:\\.[^'\\]*+)*+'|"[^"\\]*+(?:\\.[^"\\]*+)*+")"""
    r"|(?P<operator>//|\*\*|[=!<>]=|[-+/*%~\[\](){}<>=.:|,;])",
    re.IGNORECASE | re.DOTALL,
)
_PAIRS = {")": "(", "]": "[", "}": "{"}


def tokens(text: str) -> Iterator[Token]:
    """Raises NotATemplate where Jinja's lexer would, and beyond MOST_TOKENS."""
    for count, token in enumerate(_tokens(text)):
        if count >= MOST_TOKENS:
            raise NotATemplate(f"a template of more than {MOST_TOKENS:,} words", token.at, Reason.SIZE)
        yield token


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while start := _START.search(text, at):
        if start.start() > at:
            yield Token(Kind.DATA, text[at : start.start()], at)
        sign, at = start[0], start.end()
        if sign.startswith("{#"):
            _, at = _closing(_COMMENT_END, text, at)
        elif len(sign) > 3:
            raw = at
            end, at = _closing(_RAW_END, text, at)
            yield Token(Kind.DATA, text[raw:end], raw)
        else:
            yield Token(Kind.OUTPUT if sign.startswith("{{") else Kind.TAG, sign, start.start())
            at = yield from _inside(text, at, _ENDS[sign[:2]])
    if at < len(text):
        yield Token(Kind.DATA, text[at:], at)


def _closing(mark: re.Pattern[str], text: str, at: int) -> tuple[int, int]:
    """Where a comment or a raw block ends, and its mark. Jinja lets one stay open that has nothing in it."""
    if found := mark.search(text, at):
        return found.span()
    if text[at:] in ("", "\n", "\r", "\r\n"):
        return at, len(text)
    raise NotATemplate("a comment or a raw block that does not end", at, Reason.END)


def _inside(text: str, at: int, end: re.Pattern[str]) -> Generator[Token, None, int]:
    """What stands between the delimiters; they are looked for only where no bracket is open.
    Returns where the rest of the text begins."""
    open_brackets: list[str] = []
    while True:
        if not open_brackets and (closed := end.match(text, at)):
            yield Token(Kind.END, closed[0], at)
            return closed.end()
        piece = _PIECE.match(text, at)
        if piece is None:
            raise NotATemplate("what no expression has", at, Reason.END if at == len(text) else Reason.SYNTAX)
        if piece.lastgroup == "operator":
            _balance(open_brackets, piece[0], at)
        if piece.lastgroup != "space":
            yield _token(piece, at)
        at = piece.end()


def _balance(open_brackets: list[str], operator: str, at: int) -> None:
    if operator in "([{":
        open_brackets.append(operator)
    elif operator in _PAIRS and (not open_brackets or open_brackets.pop() != _PAIRS[operator]):
        raise NotATemplate("brackets that do not match", at)


def _token(piece: re.Match[str], at: int) -> Token:
    text = piece[0]
    match piece.lastgroup:
        case "name":
            if not text.isidentifier():
                raise NotATemplate("a name that is none", at)
            return Token(Kind.NAME, text, at)
        case "text":
            return Token(Kind.TEXT, _unescape(text[1:-1], at), at)
        case "operator":
            return Token(Kind.OPERATOR, text, at)
        case "float":
            return Token(Kind.NUMBER, float(text.replace("_", "")), at)
    if len(text) > 4000:  # Python refuses to read such numbers
        raise NotATemplate("a number of thousands of digits", at)
    return Token(Kind.NUMBER, int(text.replace("_", ""), 0), at)


# https://docs.python.org/3/reference/lexical_analysis.html#escape-sequences
_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]*)\}|(.))", re.DOTALL
)
_LETTERS: Mapping[str, str] = dict(zip("\n\\'\"abfnrtv", ("", *"\\'\"\a\b\f\n\r\t\v"), strict=True))


def _unescape(text: str, at: int) -> str:
    if "\\" not in text:
        return text

    def plain(found: re.Match[str]) -> str:
        groups: tuple[str | None, ...] = found.groups()
        octal, short, middle, long, name, letter = groups
        if name is not None:
            return _named(name)
        if letter is not None:
            if letter in "xuUN":
                raise NotATemplate("an escape that is none", at)
            return _LETTERS.get(letter, "\\" + letter)
        point = int(octal, 8) if octal else int(short or middle or long or "", 16)
        if point > 0x10FFFF:
            raise NotATemplate("an escape that is none", at)
        return chr(point)

    return _ESCAPE.sub(plain, text)


def _named(name: str) -> str:
    """Only ASCII is looked up: of other characters every version of Python knows different ones."""
    try:
        found = unicodedata.lookup(name)
    except KeyError:
        return "\ufffd"
    return found if found.isascii() else "\ufffd"
