"""Python source as tokens and statements, by a lexer of our own: the result must not depend on which Python runs it.

It takes every version from 2.7 on. What it refuses no Python compiles, so nothing of it runs.
https://docs.python.org/3/reference/lexical_analysis.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_DEEPEST = 200  # brackets; CPython refuses more
_TAB = 8

KEYWORDS = frozenset(
    "False None True and as assert async await break class continue def del elif else except finally for from global "
    "if import in is lambda nonlocal not or pass raise return try while with yield".split()
)
_CONSTANTS = frozenset({"False", "None", "True"})
_SOFT = frozenset({"match", "case", "type", "print", "exec"})
"""Keywords at the beginning of a statement, in some Python."""

_TOKEN = re.compile(
    r"""
      (?P<space>(?:[ \t\f]|\\(?:\r\n|\r|\n))+)
    | (?P<newline>\r\n|\r|\n)
    | (?P<comment>\#[^\r\n]*)
    | (?P<string>(?i:[rubft]|[bft]r|r[bft]|ur)?(?:\"\"\"|'''|"|'))
    | (?P<number>0[xX][\da-fA-F_]+[lL]?|0[oO][0-7_]+[lL]?|0[bB][01_]+[lL]?
        |(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?[jJlL]?)
    | (?P<name>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)
    | (?P<op>\.\.\.|->|:=|<>|\*\*=?|//=?|>>=?|<<=?|!=|[-+*/%&|^@=<>]=?|[~()\[\]{},:;.`])
    """,
    re.VERBOSE,
)
_BODIES = {  # (?!): python/cpython#100061
    '"""': re.compile(r'(?:[^"\\]++|\\.|"(?!"")|(?!))*+"""', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]++|\\.|'(?!'')|(?!))*+'''", re.DOTALL),
    '"': re.compile(r'(?:[^"\\\r\n]++|\\\r\n|\\.)*+"', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\r\n]++|\\\r\n|\\.)*+'", re.DOTALL),
}
_CLOSING = {")": "(", "]": "[", "}": "{"}
_HEADERS = frozenset("if elif else for while try except finally with class def async match case".split())
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(\r\n|.))", re.DOTALL)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": "", "\r\n": ""}


class NotPython(Exception):
    """No Python compiles this."""


class Unfinished(NotPython):
    """A bracket or a text is open at the end; what follows could close it."""


class Token(NamedTuple):
    kind: str
    """name, keyword, number, string, format (an f-string; its fields follow in brackets) or op."""
    text: str
    at: int
    end: int


class Statement(NamedTuple):
    indent: int
    tokens: list[Token]
    inline: bool
    """It stands on the line of the header that it belongs to, or behind a semicolon."""


class TooManyTokens(Exception):
    """The text may be Python all the same."""


def statements(text: str, most: int = 1_000_000) -> Iterator[Statement]:
    """Every simple statement and every header of a compound one. Raises NotPython, perhaps late: what was
    yielded before is then no Python either. Raises TooManyTokens behind the first *most*."""
    for indent, line in _lines(text, most):
        yield from _split(indent, line)


def string_value(token: Token) -> str:
    """What a literal stands for; bytes as Latin-1."""
    prefix, quote = re.match(r"(\w*)(\"\"\"|'''|.)", token.text, re.DOTALL).groups()  # type: ignore[union-attr]
    body = token.text[len(prefix) + len(quote) : len(token.text) - len(quote)]
    if "r" in prefix.lower() or "\\" not in body:
        return body
    return _ESCAPE.sub(_unescape, body)


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 else "?"
    if found[4]:
        return chr(int(found[4], 8))
    return _LETTERS.get(found[5], found[5] if found[5] in "\\'\"" else "\\" + found[5])


def _lines(text: str, most: int) -> Iterator[tuple[int, list[Token]]]:
    """Logical lines that are not empty, with their indentation."""
    at = 1 if text.startswith("\ufeff") else 0
    line: list[Token] = []
    open_brackets: list[str] = []
    indent = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotPython
        kind = found.lastgroup
        if kind == "newline" and not open_brackets and line:
            yield indent, line
            line = []
        if kind not in ("newline", "space", "comment"):
            if not line:
                indent = _indent(text, at)
            new = _tokens(text, found, _DEEPEST)
            most -= len(new)
            if most < 0:
                raise TooManyTokens
            for token in new:
                _check(line, token)
                _track(token, open_brackets)
                line.append(token)
            at = max(found.end(), new[0].end)
        else:
            at = found.end()
    if open_brackets:
        raise Unfinished
    if line:
        yield indent, line


def _indent(text: str, at: int) -> int:
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    white = text[start:at].rpartition("\f")[2]
    return len(white.expandtabs(_TAB)) if not white.strip() else 0


def _track(token: Token, open_brackets: list[str]) -> None:
    if token.kind != "op":
        return
    if token.text in "([{":
        open_brackets.append(token.text)
        if len(open_brackets) > _DEEPEST:
            raise NotPython
    elif token.text in _CLOSING and (not open_brackets or open_brackets.pop() != _CLOSING[token.text]):
        raise NotPython


def _check(line: list[Token], token: Token) -> None:
    """Two operands beside each other: no Python, but prose."""
    if not line or not _begins(token):
        return
    last = line[-1]
    # the bracket behind the fields of an f-string stands for the whole of it
    joined = token.kind in ("string", "format") and (last.kind in ("string", "format") or last.end - last.at > 1)
    joined = joined and last.kind not in ("name", "number")
    soft = len(line) == 1 and last.text in _SOFT
    if _ends(last) and not joined and not soft:
        raise NotPython


def _begins(token: Token) -> bool:
    return token.kind in ("name", "number", "string", "format") or token.text == "{"


def _ends(token: Token) -> bool:
    return token.kind in ("name", "number", "string") or token.text in (")", "]", "}")


def _tokens(text: str, found: re.Match[str], depth: int) -> list[Token]:
    """One token; of an f-string also those of its fields."""
    kind, at, end = found.lastgroup, found.start(), found.end()
    if kind == "string":
        return _string(text, found[0], at, end, depth)
    word = found[0]
    if kind == "name":
        if not word.isascii():
            word = unicodedata.normalize("NFKC", word)
        kind = "keyword" if word in KEYWORDS and word not in _CONSTANTS else "name"
    return [Token(kind or "op", word, at, end)]


def _string(text: str, opening: str, at: int, end: int, depth: int) -> list[Token]:
    quote = opening.lstrip("rubftRUBFT")
    if not {"f", "F", "t", "T"} & set(opening[: len(opening) - len(quote)]):
        found = _BODIES[quote].match(text, end)
        if found is None:
            raise Unfinished if len(quote) == 3 else NotPython
        return [Token("string", text[at : found.end()], at, found.end())]
    raw = "r" in opening.lower()
    fields: list[Token] = []
    place = end
    while not text.startswith(quote, place):
        char = text[place : place + 1]
        if not char or (char in "\r\n" and len(quote) == 1):
            raise NotPython
        if char == "\\":
            place += (
                3 if text.startswith("\r\n", place + 1) else 2 if raw or text[place + 1 : place + 2] not in "{}" else 1
            )
        elif char in "{}" and text.startswith(char, place + 1):
            place += 2
        elif char == "{":
            place = _field(text, place + 1, fields, depth - 1)
        else:
            place += 1
    stop = place + len(quote)
    brackets = [Token("op", "(", at, stop), *fields, Token("op", ")", at, stop)] if fields else []
    return [Token("format", text[at:stop], at, stop), *brackets]


def _field(text: str, at: int, tokens: list[Token], depth: int) -> int:
    """The tokens of a replacement field; where it ends."""
    level = 0
    if depth < 0:
        raise NotPython
    while True:
        if not level and text.startswith("!", at) and not text.startswith("!=", at):
            tokens.append(Token("op", ",", at, at))  # a conversion follows
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotPython
        if not level and found[0] == "}":
            tokens.append(Token("op", ",", at, at))
            return found.end()
        if not level and found[0] in (":", ":="):
            tokens.append(Token("op", ",", at, at))
            return _format_spec(text, at + 1, tokens, depth)
        if found.lastgroup in ("space", "newline", "comment"):
            at = found.end()
            continue
        new = _tokens(text, found, depth)
        level += (found[0] in "([{") - (found[0] in ")]}") if found.lastgroup == "op" else 0
        tokens += new
        at = max(found.end(), new[0].end)


def _format_spec(text: str, at: int, tokens: list[Token], depth: int) -> int:
    while at < len(text):
        if text[at] == "}":
            return at + 1
        at = _field(text, at + 1, tokens, depth - 1) if text[at] == "{" else at + 1
    raise NotPython


def _split(indent: int, line: list[Token]) -> Iterator[Statement]:
    """A logical line at its semicolons, and behind the colon of a header."""
    start, level, lambdas, inline = 0, 0, 0, False
    header = line[0].text in _HEADERS
    for index, token in enumerate(line):
        if token.kind not in ("op", "keyword"):
            continue
        if token.text in "([{":
            level += 1
        elif token.text in _CLOSING:
            level -= 1
        elif level:
            continue
        elif token.text == "lambda":
            lambdas += 1
        elif token.text == ":" and lambdas:
            lambdas -= 1
        elif token.text == ";" or (token.text == ":" and header):
            yield Statement(indent, line[start:index], inline)
            start, inline = index + 1, inline or token.text == ":"
            header = start < len(line) and line[start].text in _HEADERS
    if start < len(line):
        yield Statement(indent, line[start:], inline)
