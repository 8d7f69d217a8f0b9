"""Jupyter notebooks: what their cells run, and what shows up when one is opened.

Installing packages and showing the machine is what most notebooks do; that says nothing. Nor do cells run
by themselves, so of their Python only what no honest notebook hides or fetches is said.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.checks.scan.python import rules_python as python
from modelward.checks.scan.python.judge import examine_python
from modelward.checks.scan.python.names import STARTUP
from modelward.checks.scan.texts.shell import payloads
from modelward.core.finding import Finding, Rule, Severity
from modelward.formats.json_tree import Object, Value, objects
from modelward.formats.source import Budget, BytesSource

_FORMAT = "https://nbformat.readthedocs.io/en/latest/format_description.html"
_TRUST = "https://jupyter-notebook.readthedocs.io/en/stable/security.html"

SHELL_PAYLOAD = Rule(
    "notebook-shell-payload",
    Severity.MEDIUM,
    "a cell fetches a program and runs it, or attacks the machine",
    "What is fetched can change at any time, and runs with the rights of whoever runs the cell.",
    "Read what the command fetches before you run the cell.",
    ("CWE-494", "CWE-78", "AML.T0011", _FORMAT),
)
MARKUP_TRICK = Rule(
    "notebook-markup-trick",
    Severity.MEDIUM,
    "the notebook holds markup that runs script past a sanitizer",
    "Such markup ran when a notebook was opened, before any cell was; with Jupyter's API it then runs commands.",
    "Do not open this notebook in Jupyter; look at it as a text.",
    ("CWE-79", "CVE-2021-32798", "CVE-2018-8768", "GHSA-hwvq-6gjx-j797", _TRUST),
)
ACTIVE_OUTPUT = Rule(
    "notebook-active-output",
    Severity.LOW,
    "a saved output holds script",
    "Charts do; where the notebook is trusted, the script runs when it is opened.",
    "Do not mark the notebook as trusted before you know what the script does.",
    ("CWE-79", _TRUST),
)

_SHELL_CELL = re.compile(r"\A\s*%%(?:bash|sh|script|system|!|cmd|powershell)\b[^\n]*\n?", re.IGNORECASE)
_AROUND = re.compile(r"\A\s*(?:%%(?:time|timeit|capture|prun|debug)\b[^\n]*\n\s*)+")
_OTHER_CELL = re.compile(r"\A\s*%%(?!python)\w+[^\n]*\n?")
_PYTHON_CELL = re.compile(r"\A\s*%%python\S*[^\n]*\n?")
_WRITTEN = re.compile(r"\A\s*%%(?:writefile|file)\s+(?:-a\s+)?(\S+)")
# An escape to the shell, also behind an assignment; a magic that is one
_SHELL_LINE = re.compile(
    r"^[ \t]*(?:[\w., \t]+=[ \t]*)?(?:%\w+[ \t]+)?(?:!{1,2}|%(?:sx|system|sc|bash|sh|alias)\b)((?:\\\n|.)*)",
    re.MULTILINE,
)
_MAGIC_LINE = re.compile(r"^([ \t]*)(?:[\w., \t]+=[ \t]*)?[!%?]((?:\\\n|.)*)", re.MULTILINE)
_VARIABLE = re.compile(r"!?[ \t]*(?:\{([\w.]+)\}|\$\{?(\w+)\}?)[ \t]*")
_ACTIVE = re.compile(r"<script\b|<iframe\b|<object\b|<embed\b|\bon[a-z]{3,20}\s*=|javascript:", re.IGNORECASE)
_TRICK = re.compile(
    r"\]\(\s*javascript:|<iframe\b[^<>]{0,500}\bsrcdoc\s*=|"
    r"<(?:img|image|audio|video|source|input|body|svg|math|style|select|details|marquee|form|link|object)\b[^<>]{0,2000}"
    r"\bon(?:error|load|loadstart|focus|toggle|begin|start|mouseover|pageshow|animationstart)\s*="
    r"|<(?:select|math|noscript|template)\b[^>]*>\s*<(?:iframe|script|style|mglyph)\b"
    r"|(?:href|src|action|formaction)\s*=\s*[\"']?\s*j\W{0,5}a\W{0,5}v\W{0,5}a\W{0,5}s\W{0,5}c\W{0,5}r\W{0,5}i\W{0,5}p\W{0,5}t\s*:",
    re.IGNORECASE,
)
_MOST_COMMANDS = 1 << 18
_OF_CELLS = frozenset(
    {python.HIDDEN_CALL, python.DECODED_CODE, python.EMBEDDED_PICKLE, python.SHELL_PAYLOAD, python.REVERSE_SHELL}
)


def judge_notebook(body: Value, here: Here) -> Iterator[Said]:
    """Cells, saved outputs and attachments. A document that is no notebook has nothing to say."""
    commands = Budget(_MOST_COMMANDS)
    for path, cell in _cells(body):
        source = "\n".join(_text(cell, "source") + _text(cell, "input"))
        kind = cell.get("cell_type")
        if kind == "code":
            yield from _judge_code(source, here, path, commands)
        else:
            yield from _judge_markup(source, here, path)
        for outputs in cell.all("outputs"):
            yield from _judge_outputs(outputs, here, f"{path}.outputs")
        for attachments in cell.all("attachments"):
            yield from _attached(attachments, f"{path}.attachments")


def _cells(body: Value) -> Iterator[tuple[str, Object]]:
    """Of version 4, and of version 3, which has them in worksheets."""
    sheets: list[tuple[str, Value]] = [("$", body)]
    if isinstance(body, Object):
        sheets += [
            (f"$.worksheets[{number}]", sheet)
            for found in body.all("worksheets")
            if isinstance(found, list)
            for number, sheet in enumerate(found)
        ]
    for path, sheet in sheets:
        for cells in sheet.all("cells") if isinstance(sheet, Object) else ():
            for number, cell in enumerate(cells if isinstance(cells, list) else ()):
                if isinstance(cell, Object) and cell.get("cell_type") is not None:
                    yield f"{path}.cells[{number}]", cell


def _text(holder: Object, key: str) -> list[str]:
    """A text, or its lines; all that a key was given."""
    found = []
    for value in holder.all(key):
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            found.append("".join(line for line in value if isinstance(line, str)))
    return found


def _judge_code(source: str, here: Here, path: str, left: Budget) -> Iterator[Said]:
    source = _AROUND.sub("", source)
    shell = _SHELL_CELL.match(source) or _OTHER_CELL.match(source)
    commands = [source[shell.end() :]] if shell else [found[1] for found in _SHELL_LINE.finditer(source)]
    written = _WRITTEN.match(source)
    if written:
        commands = []
    if written and STARTUP.search(written[1]):
        yield here.finding(SHELL_PAYLOAD, f"{path}: writes to {written[1][:200]}")
    for continued in ["\n".join(commands)] if len(commands) > 1 else commands:
        command = continued.replace("\\\n", " ")
        if not left.spend(len(command)):
            yield here.unexamined(f"{path}: more commands than are read")
            break
        for does, at in payloads(command):
            shown = " ".join(command[max(0, at - 20) : at + 150].split())
            yield here.finding(SHELL_PAYLOAD, f"{path}: {does}", does=shown)
    if shell:
        return
    plain = _MAGIC_LINE.sub(_as_python, _PYTHON_CELL.sub("", source))
    for said in examine_python(BytesSource(plain.encode("utf-8", "surrogatepass")), here.into(path)):
        if not isinstance(said, Finding) or said.rule in _OF_CELLS:
            yield said


def _as_python(magic: re.Match[str]) -> str:
    """A command that is a variable is what Python put there."""
    variable = _VARIABLE.fullmatch(magic[2])
    return f"{magic[1]}get_ipython().system({variable[1] or variable[2]})" if variable else f"{magic[1]}pass"


def _judge_markup(source: str, here: Here, path: str) -> Iterator[Said]:
    if found := _TRICK.search(source):
        yield here.finding(MARKUP_TRICK, f"{path}: {_shown(found)}")


def _judge_outputs(outputs: Value, here: Here, path: str) -> Iterator[Said]:
    """Whatever text an output has, by the type that it says it is."""
    for where, holder in objects(outputs, path):
        for key in sorted(holder.keys()):
            for text in _text(holder, key):
                yield from _judge_output(text, key.lower(), here, f"{where}.{key}")


def _judge_output(text: str, kind: str, here: Here, path: str) -> Iterator[Said]:
    if "javascript" in kind and text.strip():
        yield here.finding(ACTIVE_OUTPUT, f"{path} is script")
    elif any(markup in kind for markup in ("html", "svg", "markdown", "latex")):
        if found := _TRICK.search(text):
            yield here.finding(MARKUP_TRICK, f"{path}: {_shown(found)}")
        elif found := _ACTIVE.search(text):
            yield here.finding(ACTIVE_OUTPUT, f"{path}: {_shown(found)}")


def _attached(attachments: Value, path: str) -> Iterator[Said]:
    for where, holder in objects(attachments, path):
        for key, value in holder:
            if isinstance(value, str):
                try:
                    yield Nested(f"{where}.{key}", BytesSource(base64.b64decode(value)))
                except (binascii.Error, ValueError):
                    continue  # Jupyter shows such a one as it stands: it is no file


def _shown(found: re.Match[str]) -> str:
    return repr(found[0][:100])


RULES: tuple[Rule, ...] = (SHELL_PAYLOAD, MARKUP_TRICK, ACTIVE_OUTPUT)
