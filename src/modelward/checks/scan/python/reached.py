"""Which function a name of Python source leads to, by whatever way it is spelt."""

from __future__ import annotations

import re
from functools import lru_cache

from modelward.checks.scan.pickle.callables import is_stdlib
from modelward.checks.scan.pickle.dotted_names import danger
from modelward.checks.scan.python.names import EXECUTES, NATIVE, PROCESS, UNPICKLES

MODULES = frozenset(
    "os posix nt subprocess builtins __builtins__ pty ctypes runpy importlib marshal code _posixsubprocess".split()
)
"""Whoever has one of these has everything."""
_METHODS = {
    name.rpartition(".")[2]: name
    for name in sorted(PROCESS)
    if name.startswith(("os.", "subprocess.")) and not name.endswith((".run", ".call"))
}
"""Distinctive enough to be known by themselves, whatever object they are taken from."""
_NATIVE_CALLS = re.compile(
    r"ctypes\..*\.(?:system|popen|_?w?exec\w+|PyRun_\w+|Py_CompileString|mprotect|VirtualAlloc|CreateThread|dlopen|WinExec|ShellExecute\w*)"
)
_INSIDE = re.compile(
    r"__(?:globals|builtins|closure|func)__|\.f_(?:builtins|globals|locals)\b|\.(?:gi|cr|ag|tb)_frame\b"
)
_LOOKS_UP = (".get", ".items", ".keys", ".values", ".copy", ".update", ".setdefault", ".pop")
_TABLES = frozenset(f"{module}.__dict__[]" for module in MODULES) | {"builtins.vars()[]"}
_METHODS |= dict.fromkeys(("subprocess_shell", "subprocess_exec"), "asyncio.create_subprocess_shell")
_METHODS |= dict.fromkeys(("run_cell_magic", "run_line_magic"), "os.system")  # of IPython
_BUILDS = ("setuptools.", "distutils.", "torch.compile", "torch.jit.")
_RUNS = re.compile(r"runs|starts a program|installs|compiles|replaces the process")
_KNOWN = PROCESS | EXECUTES | NATIVE | UNPICKLES


@lru_cache(1 << 12)
def function_of(name: str) -> str:
    """The function of our tables that *name* leads to: through another module (glob.os.popen), off an object of
    which nothing is known (?.system), by way of its __call__; else *name* itself."""
    name = name.removesuffix(".__call__")
    if name in _KNOWN or "." not in name:
        return name
    parts = name.removeprefix("?").split(".")
    for start, part in enumerate(parts[:-1]):
        module = part.lstrip("_")
        if start and module in MODULES:
            found = ".".join(("builtins" if module == "builtins" else module, *parts[start + 1 :]))
            if found in _KNOWN:
                return found
    if _NATIVE_CALLS.fullmatch(name):
        return "os.system"
    head = parts[0]
    unknown = name.startswith(("?", "class:", "def:", "<")) or not is_stdlib(head.partition("(")[0])
    unknown = unknown or ")" in name or "]" in name
    if unknown and head not in ("self", "cls") and parts[-1] in _METHODS:
        return _METHODS[parts[-1]]
    return name


def leads_elsewhere(name: str) -> bool:
    """Into a table of a module that has everything, by a key that does not stand there."""
    return name in _TABLES


def walks_inside(name: str) -> bool:
    """Whether *name* goes through what only debuggers need (frames, the globals of a function), and does more there
    than to look something up; what is done with that has a name of its own."""
    return bool(_INSIDE.search(name)) and not name.endswith(_LOOKS_UP)


def runs_by_itself(name: str) -> str:
    """What a call of *name* runs, if that is known to be more than its own code; else an empty text."""
    if name.startswith(("?", "<", "def:", "class:", *_BUILDS)):
        return ""
    does = danger(name.replace("()", "").replace("[]", ""))
    return does if _RUNS.match(does) else ""
