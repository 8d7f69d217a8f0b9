"""What Python runs by itself whenever it starts, by the names of files in the folder of packages.

https://docs.python.org/3/library/site.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_RUNS = re.compile(r"import[ \t]")
"""How site.py tells a line that it executes: https://github.com/python/cpython/blob/3.13/Lib/site.py"""
_ORDINARY = (
    re.compile(r"import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os\.environ\.get\(var, '(local|stdlib)'\) == "
               r"'local'; enabled and __import__\('_distutils_hack'\)(\.add_shim\(\))?; ?"),
    re.compile(r"import sys, types, os;has_mfs = sys\.version_info > \(3, 5\);p = os\.path\.join\(sys\._getframe\(1\)"
               r"\.f_locals\['sitedir'\], \*\('[\w.]+',(?: '[\w.]+')*\)\);importlib = has_mfs and "
               r"__import__\('importlib\.util'\);has_mfs and __import__\('importlib\.machinery'\);m = has_mfs and "
               r"sys\.modules\.setdefault\('[\w.]+', importlib\.util\.module_from_spec\(importlib\.machinery\."
               r"PathFinder\.find_spec\('[\w.]+', \[os\.path\.dirname\(p\)\]\)\)\);m = m or sys\.modules\.setdefault\("
               r"'[\w.]+', types\.ModuleType\('[\w.]+'\)\);mp = \(m or \[\]\) and m\.__dict__\.setdefault\("
               r"'__path__',\[\]\);\(p not in mp\) and mp\.append\(p\)(?:;m and setattr\(sys\.modules\['[\w.]+'\], "
               r"'[\w.]+', m\))?"),
)  # fmt: skip
"""What setuptools writes: its shim of distutils, and namespace packages of old."""
_EDITABLE = re.compile(r"import (?P<module>\w+)(?:; ?(?P=module)\.install\(\))?;?")
"""What the builders of packages write for a package that stays in the folder of its sources."""
_MODULES = ("sitecustomize", "usercustomize")
_SHOWN = 120


def is_read(place: str) -> bool:
    """Whether it depends on the text of the file at *place*, relative to the folder of packages."""
    return "/" not in place and place.lower().endswith((".pth", ".start"))


def is_candidate(place: str) -> bool:
    """Whether Python looks at the file at *place* when it starts."""
    return place.count("/") < 2 and (is_read(place) or _module(place))


def why_run(place: str, text: str) -> str:
    """Why the file at *place*, whose text is *text*, is run at every start; empty if it is not, or holds only what
    setuptools writes."""
    if _module(place):
        return "is imported at every start of Python"
    if not is_read(place):
        return ""
    if place.lower().endswith(".start"):  # https://peps.python.org/pep-0829/
        return "names functions that are called at every start of Python"
    odd = [line for line in _lines(text) if not any(known.fullmatch(line) for known in _ORDINARY)]
    return f"runs at every start of Python: {odd[0][:_SHOWN]}" if odd else ""


def editable_modules(place: str, text: str) -> frozenset[str] | None:
    """The modules that a .pth of an editable package imports; None where it runs anything else, or is none."""
    if not place.endswith(".pth"):
        return None
    found = [_EDITABLE.fullmatch(line) for line in _lines(text)]
    return frozenset(one["module"] for one in found if one) if all(found) else None


def folders(text: str) -> tuple[str, ...]:
    """The folders outside the one of packages that a .pth adds to where packages are imported from."""
    added = (line.strip() for line in text.splitlines() if not line.startswith("#") and not _RUNS.match(line))
    return tuple(line for line in added if line.startswith(("/", "\\", "~")) or ".." in line or ":" in line[:2])


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines() if _RUNS.match(line))


def _module(place: str) -> bool:
    """A module of that name, or a package: of whatever kind, compiled ones included."""
    first, _, rest = place.partition("/")
    if not rest:
        return first.split(".")[0] in _MODULES and "." in first
    return first in _MODULES and "/" not in rest and rest.split(".")[0] == "__init__"
