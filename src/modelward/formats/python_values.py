"""What an expression of Python source is, as far as it can be told without running it."""

from __future__ import annotations

import base64
import binascii
import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

LONGEST = 20_000
"""Texts that are put together are followed up to this length."""

_MOST_NODES = 200
_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "b64decode": base64.b64decode,
    "urlsafe_b64decode": base64.urlsafe_b64decode,
    "standard_b64decode": base64.b64decode,
    "b32decode": base64.b32decode,
    "b85decode": base64.b85decode,
    "a2b_base64": base64.b64decode,
}


@dataclass(slots=True, eq=False)
class Expr:
    """One expression. Nothing known: all fields at their defaults."""

    name: str = ""
    """The dotted name that it leads to, aliases resolved: "os.system"; "os.popen().read" for what comes of a call."""
    text: str | None = None
    """The text or bytes that it is."""
    number: int | None = None
    computed: bool = False
    """The name or the text was put together and does not stand there."""
    parts: tuple[Expr, ...] = ()
    """Operands, items and arguments."""
    keyword: str = ""
    """As an argument: its name."""
    literal: str = ""
    """Of a container: its bracket."""
    words: tuple[str, ...] = field(default=())
    """Operators and keywords between the operands."""
    options: bool = False
    """A name that leads to one of its parts: bound twice, or by a star."""

    def walk(self) -> Iterator[Expr]:
        """Itself and everything in it, up to a bound."""
        todo, left = [self], _MOST_NODES
        while todo and left:
            left -= 1
            one = todo.pop()
            yield one
            todo += reversed(one.parts)


NOTHING = Expr()


def join(operands: list[Expr], words: list[str]) -> Expr:
    """Operands with what stands between them; texts that are added become one."""
    if not operands:
        return Expr(words=tuple(words))
    if len(operands) == 1 and not words:
        return operands[0]
    texts = [one.text for one in operands]
    if set(words) == {"+"} and None not in texts:
        text = joined("", [text or "" for text in texts])
        return Expr(text=text, computed=True, parts=tuple(operands))
    return Expr(parts=tuple(operands), words=tuple(words))


def joined(between: str, pieces: list[str]) -> str | None:
    """None: it becomes too long."""
    length = sum(map(len, pieces)) + len(between) * len(pieces)
    return between.join(pieces) if length <= LONGEST else None


def folded(callee: Expr, args: list[Expr]) -> str | None:
    """The text that a call gives back, for the calls that texts are hidden with."""
    method = callee.name.rpartition(".")[2]
    own = callee.parts[0].text if callee.parts and callee.name.startswith("<text>.") else None
    first = args[0] if args else NOTHING
    try:
        if own is not None:
            return _method(method, own, args)
        return _function(callee.name, first, args)
    except (ValueError, binascii.Error, LookupError, OverflowError):
        return None


def _method(method: str, own: str, args: list[Expr]) -> str | None:
    texts = [one.text for one in args]
    if method == "join" and args:
        pieces = characters(args[0])
        return None if pieces is None else joined(own, pieces)
    if len(own) > LONGEST:
        return None
    if method == "replace" and len(texts) >= 2 and texts[0] and texts[1] is not None:
        longer = own.count(texts[0]) * (len(texts[1]) - len(texts[0]))
        return own.replace(texts[0], texts[1]) if len(own) + longer <= LONGEST else None
    if method in ("decode", "encode"):
        return _rot13(own) if texts and (texts[0] or "").startswith("rot") else own
    simple: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "strip": str.strip}
    return simple[method](own) if method in simple and not args else None


def _function(name: str, first: Expr, args: list[Expr]) -> str | None:
    if name == "builtins.chr" and first.number is not None:
        return chr(first.number)
    if name in ("builtins.bytes", "builtins.bytearray", "builtins.str", "builtins.map"):
        pieces = characters(args[1] if name == "builtins.map" and len(args) > 1 else first)
        return first.text if first.text is not None else joined("", pieces) if pieces else None
    if first.text is None or len(first.text) > LONGEST:
        return None
    if name in ("builtins.bytes.fromhex", "binascii.unhexlify", "binascii.a2b_hex"):
        return bytes.fromhex(first.text).decode("latin-1")
    module, _, function = name.rpartition(".")
    if module in ("base64", "binascii") and function in _DECODERS:
        return _DECODERS[function](first.text.encode("latin-1")).decode("latin-1")
    if name == "codecs.decode" and len(args) > 1 and (args[1].text or "").startswith("rot"):
        return _rot13(first.text)
    if name == "builtins.reversed":
        return first.text[::-1]
    return None


def _rot13(text: str) -> str:
    return codecs.decode(text, "rot13")


def characters(value: Expr) -> list[str] | None:
    """The texts in a container of texts or of codes of characters."""
    if value.text is not None:
        return list(value.text) if len(value.text) <= LONGEST else None
    if not value.literal or value.words:
        return None
    pieces = [
        chr(one.number) if one.number is not None and 0 <= one.number < 0x110000 else one.text for one in value.parts
    ]
    return None if None in pieces else [piece for piece in pieces if piece is not None]
