"""Programs among weights: native code, byte code, and scripts that fetch what they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.texts.shell import payload, payloads
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.decoded import Decoded
from modelward.formats.json_tree import Value, objects

EXECUTABLE_CONTENT = Rule(
    "executable-content",
    Severity.MEDIUM,
    "a program or library is among the content",
    "Weights need no program. Native code and byte code may do whatever the user may, and cannot be judged here.",
    "Find out why it is there, and get programs from a source that signs them.",
    ("CWE-506", "CWE-829", "AML.T0011.000", "AML.T0010"),
)
SCRIPT_PAYLOAD = Rule(
    "script-payload",
    Severity.MEDIUM,
    "a script does what an attack would do",
    "It fetches and runs a program, decodes commands, opens a shell to another machine, or plants or deletes files.",
    "Do not run it; read it first.",
    ("CWE-506", "CWE-494", "AML.T0011.000"),
)

KINDS: Mapping[str, str] = {
    "elf": "a native program or library (ELF)",
    "pe": "a Windows program or library",
    "ape": "a program for several systems in one (llamafile, for example)",
    "macho": "a macOS program or library",
    "java-class": "a Java class",
    "dex": "Android byte code",
    "wasm": "a WebAssembly module",
    "pyc": "compiled Python code",
    "lnk": "a Windows shortcut, which runs a command",
}

_LARGEST = 1 << 17
_COMMENT = re.compile(r"^[ \t]*(?:#|::|rem\b)[^\r\n]*", re.MULTILINE | re.IGNORECASE)
_SHORT = 1 << 14
_PROSE = re.compile(
    r"[.!?][*_`)]*\s*$|^(?:\S+ \S+ .*|[A-Z][\w ,']*):\s*$|^\s*(?:```|[-*>|]\s|#{1,6} \w|=|\d+\. )"
    r"|^[A-Z][a-z]+ (?:[a-z]+ ){2}"
)
_HOST = re.compile(
    rb"(?i:(?:CreateObject|ActiveXObject)\s{0,9}\(\s{0,9}[\"'](?:WScript\.Shell|Shell\.Application|ADODB\.Stream))"
)


def examine_executable(kind: str, source: Source, here: Here) -> Iterator[Said]:
    """That it is there is all there is to say: what a program does is not examined, and is no gap."""
    yield here.finding(EXECUTABLE_CONTENT, KINDS[kind], 0, min(source.size, 16))


def examine_script(source: Source, here: Here) -> Iterator[Said]:
    """A shell or batch script. What it does in the ordinary way is not judged."""
    decoded = Decoded(source.read(0, _LARGEST))
    text = _COMMENT.sub(lambda found: " " * len(found[0]), decoded.text)
    for does, at in payloads(text):
        line = text[at:].partition("\n")[0].strip()[:200]
        yield here.finding(SCRIPT_PAYLOAD, f"the script {does}", decoded.byte(at), does=line)
    if source.size > _LARGEST:
        yield here.unexamined(f"a script of more than the {_LARGEST:,} bytes that are read", _LARGEST)


def examine_commands(source: Source, here: Here) -> Iterator[Said]:
    """A short text without a first line that says what runs it: a script if no line of it is prose."""
    if source.size > _SHORT:
        return
    lines = Decoded(source.read(0, _SHORT)).text.splitlines()
    if not any(_PROSE.search(line) for line in lines if not line.lstrip().startswith(("#!", "# ", "@"))):
        yield from examine_script(source, here)


def judge_commands(body: Value, here: Here) -> Iterator[Said]:
    """Commands that a tool runs when a folder is opened or installed, in a JSON document."""
    for path, item in objects(body):
        for key, value in item:
            for text in filter(None, [value] if isinstance(value, str) else value if isinstance(value, list) else []):
                if isinstance(text, str) and (found := payload(text[:_SHORT])):
                    yield here.finding(SCRIPT_PAYLOAD, f"{path}.{key} {found[0]}", does=text[:200])


def examine_script_host(source: Source, here: Here) -> Iterator[Said]:
    """A script of the Windows Script Host, or a page with one, that makes the object by which it runs programs."""
    found = _HOST.search(source.read(0, _LARGEST))
    if found:
        does = found[0].decode("latin-1")
        yield here.finding(SCRIPT_PAYLOAD, "the script makes the object that runs programs", *found.span(), does=does)


RULES: tuple[Rule, ...] = (EXECUTABLE_CONTENT, SCRIPT_PAYLOAD)
