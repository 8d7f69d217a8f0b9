"""The lines of a requirements file as pip sees them.

https://pip.pypa.io/en/stable/reference/requirements-file-format/#encoding
https://pip.pypa.io/en/stable/reference/requirements-file-format/#line-continuations
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_DECLARED = re.compile(rb"coding[:=]\s*([-\w.]+)")
_PLAIN = re.compile(r"utf-?8(?:-sig)?|us-ascii|ascii|latin-?1|iso-?8859-\d+|cp125\d|windows-125\d|koi8-[ru]", re.I)
"""Encodings that are read where a file declares them. Python knows others, some of them slow, some of them programs."""
_COMMENT = re.compile(r"(?:^|\s)#")  # and not \s+, which takes time that grows with the square of the spaces
_COMMENT_ALONE = re.compile(r"\s*#")


class Line(NamedTuple):
    number: int
    """Of the first line of those that were joined, as editors count."""
    text: str
    """Without comments and the spaces around it; never empty."""
    is_open: bool = False
    """The file ends where this line says that it goes on."""


class Decoded(NamedTuple):
    text: str
    line: int = 0
    why: str = ""
    """Why what pip reads at *line* is not known; the text is then what its ASCII says."""


def decode(raw: bytes) -> Decoded:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return _decoded(raw[len(mark) :], encoding)
    for line in raw.split(b"\n", 2)[:2]:
        if line.startswith(b"#") and (found := _DECLARED.search(line)):
            declared = found[1].decode("ascii", "replace")
            if not _PLAIN.fullmatch(declared):
                return Decoded(raw.decode("latin-1"), 1, "the encoding that the file declares is not read")
            return _decoded(raw, declared)
    return _decoded(raw, "utf-8")


def _decoded(raw: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(raw.decode(encoding))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Decoded(raw.decode("latin-1"), line, f"this is not {encoding}: what pip reads depends on the machine")
    except LookupError:
        return Decoded(raw.decode("latin-1"), 1, "the encoding that the file declares is not known")


def logical(text: str) -> Iterator[Line]:
    first, parts = 0, list[str]()
    for number, line in _physical(text):
        is_comment = "#" in line and _COMMENT_ALONE.match(line) is not None
        if line.endswith("\\") and not is_comment:
            first = first if parts else number
            parts.append(line.strip("\\"))
            continue
        if is_comment:
            line = " " + line  # it ends what was joined, and must not become a part of its last word
        if parts:
            number, line, parts = first, "".join((*parts, line)), []
        if said := _said(line):
            yield Line(number, said)
    if parts:
        yield Line(first, _said("".join(parts)) or "\\", True)


def _said(line: str) -> str:
    comment = _COMMENT.search(line) if "#" in line else None
    return (line[: comment.start()] if comment else line).strip()


def _physical(text: str) -> Iterator[tuple[int, str]]:
    """Lines end where str.splitlines ends them, which is how pip does it: at U+2028 and a form feed, too, so that
    what stands behind one in a comment is a requirement. Editors count other ends, and so do the numbers."""
    number = 1
    for line in text.splitlines(True):
        content = line.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029") if line else line
        yield number, content
        number += line.endswith(("\n", "\r"))
