"""What single calls and pieces of Python source show by themselves."""

from __future__ import annotations

import codecs
import re

from modelward.checks.scan.python.names import EXECUTES, PROCESS, STARTUP
from modelward.core.artifact import Source
from modelward.formats.python_code import Call
from modelward.formats.python_values import Expr

ARCHIVE = re.compile(r"\.(?:zip|egg|whl|bin|dat|pt|pth|ckpt)$")
ASSIGNS = re.compile(r"\s*(?:#[^\n]*\n\s*)*[A-Za-z_]\w*\s*=")
"""How a text begins that is data, and may be Python all the same."""
LOADS_YAML = frozenset(f"yaml.{name}" for name in "load load_all unsafe_load unsafe_load_all full_load".split())
LISTS_ALL = frozenset({"gc.get_objects", "gc.get_referrers"})
HANDED_ON = frozenset(name for name in PROCESS | EXECUTES if name.rpartition(".")[2].islower()) - {"builtins.compile"}
"""Functions; classes stand in annotations and in isinstance(), too."""
LOOKS_AT = frozenset(
    """
    builtins.getattr builtins.setattr builtins.print builtins.type ?isinstance ?hasattr ?help ?dir ?id ?repr
    importlib.reload inspect.getsource inspect.signature inspect.getdoc inspect.getfile unittest.mock.patch.object
    mock.patch.object
    """.split()
)
"""Calls that do not call what they are given."""
ENVIRONMENT = frozenset(f"os.environ{end}" for end in ("", ".items", ".copy", ".items()", ".copy()"))

_DOES_SOMETHING = re.compile(
    rb"^[ \t]*(?:import|from)[ \t]+\w|\b(?:exec|eval|__import__|getattr|compile|globals)\s*\(", re.MULTILINE
)
_WINDOW, _OVERLAP = 1 << 18, 200
_WRITES = re.compile(r"(?:^|\.)(?:open|write_text|write_bytes|copy\w*|move|rename|replace|symlink\w*|write)$")
_MODE = re.compile(r"[rwaxbt+]*[wax+][rwaxbt+]*")
_HOME = frozenset({"/", "~", "~/"})
_LONGEST_PATH = 300
_READS_FILE = re.compile(r"(?:builtins|io|codecs)\.open\(\)\.read\(\)")
_SETTING = re.compile(r"[\w.,\[\] -]{0,40}")
_ASCII = "".join(map(chr, range(32, 127)))


def does_something(source: Source, at: int) -> bool:
    """Whether anything that imports or runs code can stand behind *at*."""
    while window := source.read(at, _WINDOW + _OVERLAP):
        if _DOES_SOMETHING.search(window):
            return True
        at += _WINDOW
    return False


def keeps_ascii(encoding: str) -> bool:
    """Not so in EBCDIC (cp037 and its kin), where the letters that stand there are others. Python refuses an
    encoding that it does not know."""
    try:
        return codecs.decode(_ASCII.encode(), encoding) == _ASCII
    except (LookupError, ValueError):
        return True


def plants(call: Call) -> str:
    """What *call* writes that a login, a scheduler or the next Python runs; or that it deletes everything."""
    parts = [part for one in (call.callee, *call.args) for part in one.walk()]
    texts = [part.text for part in parts if part.text is not None and len(part.text) < _LONGEST_PATH]
    name = call.callee.name
    found = next(filter(None, map(STARTUP.search, texts)), None)
    if found and _WRITES.search(name) and (not name.endswith("open") or any(map(_MODE.fullmatch, texts))):
        return f"it writes to {found[0]}"
    if name == "shutil.rmtree" and call.args and (_HOME.intersection(texts) or "Path.home()" in call.args[0].name):
        return "it deletes the home folder, or everything"
    return ""


def is_known_code(name: str, code: Expr) -> bool:
    """What *name* executes is a file that is Python source itself, a setting of the user, or comes of a call of
    compile, which is judged by itself."""
    if code.name == "builtins.compile()":
        return name != "builtins.compile"
    texts = [part.text for part in code.walk() if part.text is not None]
    if code.name.startswith(("os.environ", "os.getenv")):
        return all(map(_SETTING.fullmatch, texts))
    if not _READS_FILE.fullmatch(code.name) or not code.parts:
        return False
    path = [part.text for part in code.parts[0].walk() if part.text is not None]
    return bool(path) and path[-1].endswith((".py", ".pyi"))


def only_compiles(does: str, args: list[Expr]) -> bool:
    return does.startswith("compiles") and bool(args) and args[0].text is not None


def tells_version(args: list[Expr]) -> bool:
    """A program is asked for no more than its version, whichever it is."""
    return any(arg.literal and len(arg.parts) == 2 and arg.parts[1].text in ("--version", "-version") for arg in args)
