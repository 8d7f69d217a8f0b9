"""The nodes of a YAML stream with their tags, in the order in which they stand.

Documents are not checked for their grammar: what a parser refuses may still be read here, but every node that
PyYAML, libyaml or ruamel.yaml would construct is among what is read. Nothing is constructed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from modelward.formats.yaml_tokens import NotYaml, Scanner, Token

MOST_TOKENS = 150_000
_MOST_EXPANDED = 10**12
_LONGEST_PATH = 200
_LONGEST_TEXT = 10_000
_CORE = "tag:yaml.org,2002:"

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r?\n[ \t]*|.))", re.DOTALL)
_LETTERS = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b"}
_FOLD = re.compile(r"[ \t]*(?:\r\n|[\r\n\x85\u2028\u2029])[ \t]*")
_HANDLE = re.compile(r"(![\w-]*!|!)(.*)", re.DOTALL)
_DIRECTIVE = re.compile(r"%TAG[ \t]+(![^\s]*)[ \t]+([^\s]+)")


class TooManyNodes(NotYaml):
    """The text may be YAML all the same."""


@dataclass(frozen=True, slots=True)
class Node:
    kind: str
    """scalar, sequence, mapping or alias."""
    at: int
    """In characters; where the tag stands if there is one."""
    end: int
    path: str
    """ "a.b[0]"; with "?" at the end where the node is a key."""
    tag: str
    """Resolved: %TAG handles and percent escapes are replaced. Empty: none."""
    value: str
    """Of a scalar, as the loader would have it; cut off after 10,000 characters."""
    key: str
    """The key whose value it is, if it is one of a mapping."""
    folder: str
    """The path of what holds it."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """A document whose aliases stand for many more nodes than are written down."""

    at: int
    nodes: int
    expanded: int


@dataclass(slots=True)
class _Container:
    kind: str
    path: str
    flow: bool
    implied: bool = False
    """It has no brackets and no indentation of its own, and ends with what holds it."""
    anchor: str = ""
    count: int = 0
    weight: int = 1
    key: str = ""
    is_key: bool = False


@dataclass(slots=True)
class _Document:
    handles: dict[str, str] = field(default_factory=lambda: {"!": "!", "!!": _CORE})
    weights: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    nodes: int = 0
    expanded: int = 0


def read_yaml(text: str, *, old_breaks: bool = True) -> Iterator[Node | Expansion]:
    """Every node; raises NotYaml where a scanner stops or there are too many nodes."""
    return _Reader(text).run(Scanner(text, old_breaks=old_breaks))


def resolve_tag(raw: str, handles: dict[str, str]) -> str:
    """The tag that "!<x>", "!x", "!!x" or "!h!x" stands for."""
    if raw.startswith("!<"):
        return unquote(raw[2:].removesuffix(">"), errors="replace")
    found = _HANDLE.match(raw)
    handle, suffix = (found[1], found[2]) if found else ("!", raw[1:])
    return unquote(handles.get(handle, handle) + suffix, errors="replace")


def handles_in(text: str) -> dict[str, str]:
    """What all %TAG directives of *text*, wherever they stand, make of handles."""
    return {"!": "!", "!!": _CORE} | {found[1]: found[2] for found in _DIRECTIVE.finditer(text)}


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._document = _Document()
        self._fresh = True  # directives of the next document are being collected
        self._open: list[_Container] = []
        self._tag: Token | None = None
        self._anchor = ""
        self._left = MOST_TOKENS

    def run(self, scanner: Scanner) -> Iterator[Node | Expansion]:
        last = 0
        for token in scanner.run():
            last = token.at
            yield from self._token(token)
            self._left -= 1
            if self._left < 0:
                raise TooManyNodes(f"more than the {MOST_TOKENS:,} words that are read", last)
        yield from self._end_document(last)

    def _token(self, token: Token) -> Iterator[Node | Expansion]:
        match token.kind:
            case "tag":
                self._tag = token
            case "anchor":
                self._anchor = token.text[1:]
            case "directive" | "document":
                yield from self._end_document(token.at)
                self._directive(token)
            case "alias":
                yield self._alias(token)
            case "plain" | "quoted" | "literal":
                yield self._scalar(token.at, token.at + len(token.text), _value(token))
            case "block-end" | "flow-end":
                yield from self._empty(token.at)
                self._close(flow=token.kind == "flow-end")
            case "entry" | "comma" | "key" | "value":
                yield from self._empty(token.at)
                self._separator(token)
            case _:
                kind = token.kind.partition("-")[2]
                yield self._node(kind, token.at, token.at + len(token.text))

    def _directive(self, token: Token) -> None:
        if not self._fresh:
            self._document, self._fresh = _Document(), True
        if token.kind == "document":
            self._fresh = False
        elif found := _DIRECTIVE.match(token.text):
            self._document.handles[found[1]] = found[2]

    def _end_document(self, at: int) -> Iterator[Node | Expansion]:
        yield from self._empty(at)
        while self._open:
            self._leave()
        seen = self._document
        if seen.expanded > seen.nodes:
            yield Expansion(at, seen.nodes, seen.expanded)
        seen.expanded = 0

    # -- containers

    def _separator(self, token: Token) -> None:
        top = self._open[-1] if self._open else None
        if token.kind == "comma":
            self._leave_implied()
        elif token.kind == "entry":
            if top is not None and top.kind == "mapping":  # a sequence that is not indented more than its key
                self._open.append(_Container("sequence", self._path()[0], False, implied=True))
        elif top is not None and top.kind == "sequence":
            if not top.flow:
                self._leave_implied()
            else:  # [key: value]
                self._open.append(_Container("mapping", self._path()[0], True, implied=True))
        if self._open and self._open[-1].kind == "mapping":
            self._open[-1].is_key = token.kind in ("key", "comma")

    def _leave_implied(self) -> None:
        while self._open and self._open[-1].implied:
            self._leave()

    def _close(self, *, flow: bool) -> None:
        self._leave_implied()
        if self._open and self._open[-1].flow == flow:
            self._leave()

    def _leave(self) -> None:
        done = self._open.pop()
        if done.anchor:
            self._document.weights[done.anchor] = done.weight
        self._weigh(done.weight)

    def _weigh(self, weight: int) -> None:
        if self._open:
            self._open[-1].weight = min(self._open[-1].weight + weight, _MOST_EXPANDED)
        else:
            self._document.expanded = min(self._document.expanded + weight, _MOST_EXPANDED)

    def _path(self) -> tuple[str, str]:
        """Where the next node stands, and under which key."""
        if not self._open:
            return "", ""
        top = self._open[-1]
        if top.kind == "sequence":
            return f"{top.path}[{top.count}]"[:_LONGEST_PATH], ""
        if top.is_key:
            return f"{top.path}?"[:_LONGEST_PATH], ""
        return f"{top.path}.{top.key}".lstrip(".")[:_LONGEST_PATH], top.key

    # -- nodes

    def _properties(self, at: int) -> tuple[str, int]:
        """The tag of the node that begins, and where it begins with it."""
        tag, self._tag = self._tag, None
        if tag is None:
            return "", at
        return resolve_tag(tag.text, self._document.handles), tag.at

    def _node(self, kind: str, at: int, end: int) -> Node:
        tag, start = self._properties(at)
        path, key = self._path()
        node = Node(kind, start, end, path, tag, "", key, self._folder())
        self._began()
        self._open.append(
            _Container(kind, path, self._text[at : at + 1] in ("[", "{") and end > at, False, self._anchor)
        )
        self._anchor = ""
        return node

    def _folder(self) -> str:
        return self._open[-1].path if self._open else ""

    def _began(self) -> None:
        self._fresh = False
        self._document.nodes += 1
        if self._open:
            self._open[-1].count += self._open[-1].kind == "sequence"

    def _scalar(self, at: int, end: int, value: str, kind: str = "scalar") -> Node:
        tag, start = self._properties(at)
        path, key = self._path()
        node = Node(kind, start, end, path, tag, value, key, self._folder())
        if self._anchor:
            self._document.texts[self._anchor] = value
            self._document.weights[self._anchor] = 1
        self._anchor = ""
        if self._open and self._open[-1].is_key:
            self._open[-1].key = value[:_LONGEST_PATH]
        self._began()
        if kind == "scalar":
            self._weigh(1)
        return node

    def _alias(self, token: Token) -> Node:
        """It has the value of the scalar that it stands for."""
        name = token.text[1:]
        self._weigh(self._document.weights.get(name, 1))
        return self._scalar(token.at, token.at + len(token.text), self._document.texts.get(name, ""), "alias")

    def _empty(self, at: int) -> Iterator[Node]:
        if self._tag is not None or self._anchor:
            yield self._scalar(at, at, "")


def _value(token: Token) -> str:
    text = token.text[:_LONGEST_TEXT]
    if token.kind == "literal":
        _, _, body = text.partition("\n")
        lines = [line.strip() for line in body.splitlines()]
        return ("\n" if text.startswith("|") else " ").join(lines).strip()
    if token.kind == "plain":
        return _FOLD.sub(" ", text)
    body = text[1:-1] if len(token.text) <= _LONGEST_TEXT else text[1:]
    if text.startswith("'"):
        return _FOLD.sub(" ", body).replace("''", "'")
    return _ESCAPE.sub(_unescape, _FOLD.sub(_fold, body))


def _fold(found: re.Match[str]) -> str:
    """A line end is a blank, unless it is escaped."""
    before = found.string[: found.start()]
    escaped = (len(before) - len(before.rstrip("\\"))) % 2
    return "\n" if escaped else " "


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 else "?"
    return "" if found[4].lstrip("\r").startswith("\n") else _LETTERS.get(found[4], found[4])
