"""Code that loads by name without a pin, found in its syntax tree. Nothing is executed or imported.

What is promised: each call of the table (loaders.py) whose name, revision and trust_remote_code are written in the same
file, through imports, aliases, constants, f-strings, dictionaries and functools.partial, is found if no full commit
fixes it. What is decided elsewhere is said to be unknown, at low severity. Of scripts and configurations the commands
of commands.py and the addresses on a hub are seen, line by line. What is not seen: loaders behind names that another
module gives them, names in configurations, and names that are computed.
"""

from __future__ import annotations

import ast
import bisect
import contextlib
import io
import re
import tokenize
import warnings
from collections.abc import Iterator, Sequence

from modelward.checks.pins.audit.cells import Command, cells, python_of
from modelward.checks.pins.audit.commands import python_in
from modelward.checks.pins.audit.judge import Said, examine
from modelward.checks.pins.audit.loaders import may_load
from modelward.checks.pins.audit.others import examine_command
from modelward.checks.pins.audit.proposals import Pins
from modelward.core.errors import Malformed
from modelward.core.finding import Finding, Location, Unexamined
from modelward.core.source_audit import Spot, Spotted

__all__ = ["MOST_NOTEBOOK", "MOST_SOURCE", "Pins", "audit_notebook", "audit_python", "audit_script", "is_notebook"]

MOST_SOURCE = 8 << 20
MOST_NOTEBOOK = 256 << 20

_DO = "read it yourself, or leave it out with --exclude"
_DO_SYNTAX = "have it parse with this Python, or leave it out with --exclude"
_HERE = Location(None)


def is_notebook(raw: bytes) -> bool:
    """Whether *raw* is to be read as a notebook rather than as Python: no Python of use begins like a JSON object."""
    head = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"{") and b'"' in head[:200]


def audit_python(raw: bytes, file: str, pins: Pins) -> Iterator[Spotted]:
    """What the module *raw* loads by name. Never raises: what does not parse is Unexamined."""
    try:
        if len(raw) > MOST_SOURCE:
            raise Malformed(f"more than {MOST_SOURCE:,} bytes of Python are not read")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
        tree = _parsed(text)
    except (SyntaxError, ValueError, LookupError) as error:
        line, why = _reason(error)
        yield Spotted(Spot(file, line, 1), Unexamined(_HERE, why, _DO_SYNTAX))
    except Malformed as error:
        yield Spotted(Spot(file, 1, 1), Unexamined(_HERE, str(error), _DO))
    else:
        lines = re.split(r"\r\n?|\n", text)
        for (line, offset), said in _examined(tree, pins) if may_load(text) else ():
            yield Spotted(Spot(file, line, _column(lines, line, offset)), said)


def audit_notebook(raw: bytes, file: str, pins: Pins) -> Iterator[Spotted]:
    """What the cells of the notebook *raw* load by name; names that one cell binds hold in all. Never raises."""
    try:
        if len(raw) > MOST_NOTEBOOK:
            raise Malformed(f"more than {MOST_NOTEBOOK:,} bytes of a notebook are not read")
        found = list(cells(raw))
    except Malformed as error:
        yield Spotted(Spot(file, 1, 1), Unexamined(_HERE, str(error), _DO))
        return
    whole = ast.Module([], [])
    starts: list[int] = []
    lines = [cell.source.split("\n") for cell in found]
    for cell in found:
        starts.append(starts[-1] + len(lines[len(starts) - 1]) + 1 if starts else 0)
        tree, commands, trouble = _read_cell(cell.source)
        whole.body += ast.increment_lineno(tree, starts[-1]).body
        for line, column, said in _in_commands(commands, pins):
            yield Spotted(Spot(file, line, column, cell.number), said)
        if trouble:
            line, why = trouble
            yield Spotted(Spot(file, line, 1, cell.number), Unexamined(_HERE, why, _DO_SYNTAX))
    for (line, offset), said in _examined(whole, pins):
        number = bisect.bisect_right(starts, line - 1) - 1
        inside = line - starts[number]
        yield Spotted(Spot(file, inside, _column(lines[number], inside, offset), found[number].number), said)


def audit_script(raw: bytes, file: str, pins: Pins) -> Iterator[Spotted]:
    """What the commands in *raw* load by name: of a shell, a Dockerfile, a Makefile, or YAML. Never raises."""
    if len(raw) > MOST_SOURCE or b"\0" in raw:
        why = f"it is no text in UTF-8, or more than the {MOST_SOURCE:,} bytes that are read of a script"
        yield Spotted(Spot(file, 1, 1), Unexamined(_HERE, why, _DO))
        return
    text = raw.decode("utf-8", "replace")
    for line, column, said in _in_commands([Command(1, 1, text)], pins) if may_load(text) else ():
        yield Spotted(Spot(file, line, column), said)


def _read_cell(source: str) -> tuple[ast.Module, tuple[Command, ...], tuple[int, str] | None]:
    """A cell as Python, what it hands to the shell, and where and why the rest could not be read."""
    nothing = ast.Module([], [])
    with contextlib.suppress(SyntaxError, ValueError, Malformed):
        return _parsed(source), (), None  # a line of a text may look like a magic
    python = python_of(source)
    try:
        return _parsed(python.text), python.commands, None
    except (SyntaxError, ValueError, Malformed) as error:
        return nothing, python.commands, _reason(error)


def _in_commands(commands: Sequence[Command], pins: Pins) -> Iterator[tuple[int, int, Finding | Unexamined]]:
    for command in commands:
        for at, said in (*examine_command(command.text, pins), *_handed_over(command.text, pins)):
            above = command.text.count("\n", 0, at)
            column = command.column + at if not above else at - command.text.rfind("\n", 0, at)
            yield command.line + above, column, said


def _handed_over(text: str, pins: Pins) -> Iterator[tuple[int, Finding | Unexamined]]:
    """What the Python in commands loads."""
    for at, _, source in python_in(text):
        if may_load(source):
            try:
                tree = _parsed(source)
            except (SyntaxError, ValueError, Malformed) as error:
                yield at, Unexamined(_HERE, _reason(error)[1], _DO)
            else:
                yield from ((at, said) for _, said in _examined(tree, pins))


def _parsed(text: str) -> ast.Module:
    """Raises SyntaxError, ValueError, or Malformed for what the parser gives up on."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know
            return ast.parse(text)
    except (RecursionError, MemoryError) as error:
        raise Malformed("it nests deeper than the parser goes") from error


def _examined(tree: ast.Module, pins: Pins) -> list[Said]:
    try:
        return examine(tree, pins)
    except RecursionError:
        return [((1, 0), Unexamined(_HERE, "it nests deeper than is followed", _DO))]


def _reason(error: Exception) -> tuple[int, str]:
    if isinstance(error, SyntaxError):
        return error.lineno or 1, f"it is not Python as this version reads it: {error.msg}"
    return 1, f"it is not Python: {error}"


def _column(lines: list[str], line: int, offset: int) -> int:
    """In characters, from 1; the tree counts bytes of UTF-8, from 0."""
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1
