"""The code cells of a Jupyter notebook as Python, with what is none taken out in place.

https://nbformat.readthedocs.io/en/latest/format_description.html
https://ipython.readthedocs.io/en/stable/interactive/magics.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from modelward.core.errors import Malformed


class Cell(NamedTuple):
    number: int
    """From 1, over the cells of every kind."""
    source: str


class Command(NamedTuple):
    """What a cell hands to the shell. *line* and *column*, from 1, are its place in the cell."""

    line: int
    column: int
    text: str


class Python(NamedTuple):
    text: str
    """Lines and columns are those of the cell."""
    commands: tuple[Command, ...]


_SHELLS = frozenset("bash sh script ! sx system cmd powershell pwsh".split())
_FOREIGN = frozenset(
    "html javascript js latex markdown svg sql bigquery R julia perl ruby cython c cpp cu rust go scala spark "
    "writefile file cd mermaid dot css ai pypy".split()
)
"""Cell magics whose cell is no Python of this notebook."""
_CELL_MAGIC = re.compile(r"\s*%%(!|\w+)([^\n]*)\n?")
_WRITTEN_PYTHON = re.compile(r"\s(?:-a\s+)?\S+\.py\s*")
_WRITTEN_SHELL = re.compile(r"\s(?:-a\s+)?\S+\.(?:sh|ya?ml)\s*")
# An assignment may stand before either
_LINE_MAGIC = re.compile(r"([ \t]*)((?:[\w., \t]+=[ \t]*)?)(!!?|%%?(?:\w+)|\?\??)([^\n]*)")
_HELP = re.compile(r"[ \t]*[\w.*]+\?\??[ \t]*")
_RUN_PYTHON = frozenset("time timeit prun memit lprun mprun".split())
_LINE_SHELLS = frozenset("sx system sc bash sh".split())
_OPTION = re.compile(r"[ \t]+-\w+(?:[ \t]*\d+)?(?=[ \t])")


def cells(raw: bytes) -> Iterator[Cell]:
    """The code cells. Raises Malformed for what is no notebook of Python, of version 3 or 4."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"no JSON: {error}") from error
    if not isinstance(body, dict):
        raise Malformed("no notebook: it has no cells")
    language = _language(body)
    if language not in ("", "python", "ipython", "python3", "python2"):
        raise Malformed(f"a notebook of {language[:40]}, not of Python")
    sheets = [body, *(sheet for sheet in _listed(body.get("worksheets")) if isinstance(sheet, dict))]
    if not any(isinstance(sheet.get("cells"), list) for sheet in sheets):
        raise Malformed("no notebook: it has no cells")
    found = [cell for sheet in sheets for cell in _listed(sheet.get("cells"))]
    for number, cell in enumerate(found, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            yield Cell(number, _source(cell.get("source", cell.get("input"))))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _language(body: dict[str, Any]) -> str:
    metadata = body.get("metadata")
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        info = metadata.get(key) if isinstance(metadata, dict) else None
        if isinstance(info, dict) and isinstance(info.get(name), str):
            return str(info[name]).lower()
    return ""


def _source(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise Malformed("no notebook: a code cell has no source")
    return "".join(value)


def python_of(source: str) -> Python:
    """What of a cell is Python, and what goes to the shell."""
    magic = _CELL_MAGIC.match(source)
    if magic is None:
        return _lines(source)
    name, rest = magic[1], magic[2]
    body = source[magic.end() :]
    above = "\n" * source[: magic.end()].count("\n")
    is_written = name in ("writefile", "file")
    if name in _SHELLS or (is_written and _WRITTEN_SHELL.fullmatch(rest)):
        line = above.count("\n") + 1
        return Python("", (Command(line, 1, body),))
    if name in _FOREIGN and not (is_written and _WRITTEN_PYTHON.fullmatch(rest)):
        return Python("", ())
    inner = python_of(body)  # %%time may stand above %%capture
    down = above.count("\n")
    return Python(above + inner.text, tuple(one._replace(line=one.line + down) for one in inner.commands))


def _lines(source: str) -> Python:
    """Magic lines become Python that does nothing, in as many lines."""
    commands: list[Command] = []
    made: list[str] = []
    lines = iter(enumerate(source.split("\n"), 1))
    for number, line in lines:
        found = _LINE_MAGIC.fullmatch(line)
        if found is None:
            made.append("pass" if _HELP.fullmatch(line) else line)
            continue
        more = [line]
        while more[-1].endswith("\\") and (following := next(lines, None)):
            more.append(following[1])
        name = found[3].lstrip("%")
        if found[3].startswith("!") or name in _LINE_SHELLS:
            text = "\n".join([found[4], *more[1:]])
            commands.append(Command(number, found.start(4) + 1, text))
        made.append(_instead(found, name))
        made += [""] * (len(more) - 1)
    return Python("\n".join(made), tuple(commands))


def _instead(found: re.Match[str], name: str) -> str:
    indent, assigned, rest = found[1], found[2], found[4]
    if name in _RUN_PYTHON and rest.strip():
        statement = _OPTION.sub(lambda option: " " * len(option[0]), rest)
        return f"{indent}{assigned or 'pass;'}".ljust(found.start(4)) + statement
    return f"{indent}{assigned}None" if assigned else f"{indent}pass"
