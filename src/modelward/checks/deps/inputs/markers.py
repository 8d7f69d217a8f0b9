"""Whether two environment markers can hold at once, so that two entries of one name contradict each other.

https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers

It is decided by trying environments: the platforms and interpreters there are, the versions and values that the
markers mention, and those just beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice, product

_PLATFORMS = (
    ("linux", "Linux", "posix"), ("win32", "Windows", "nt"), ("darwin", "Darwin", "posix"),
    ("cygwin", "CYGWIN_NT", "posix"), ("emscripten", "Emscripten", "posix"), ("wasi", "", "posix"),
    ("android", "Android", "posix"), ("ios", "iOS", "posix"), ("freebsd14", "FreeBSD", "posix"),
    ("aix", "AIX", "posix"),
)  # fmt: skip
_INTERPRETERS = (("cpython", "CPython"), ("pypy", "PyPy"), ("graalpy", "GraalVM"))
_LINKED = ("sys_platform", "platform_system", "os_name", "implementation_name", "platform_python_implementation")
_PYTHON = ("python_version", "python_full_version")
_TERM = re.compile(r"""([a-z_]{3,})|'([^']*)'|"([^"]*)\"""")
_MOST = 2_000

Environment = Mapping[str, str | frozenset[str]]

_NOTHING_ASKED: Environment = {"extra": "", "extras": frozenset(), "dependency_groups": frozenset()}


@lru_cache(1 << 10)
def can_both_hold(one: str, other: str) -> bool:
    """True as well where there are too many environments to try."""
    if one == other or not one or not other:
        return True
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

    try:
        both = Marker(one), Marker(other)
        environments = list(islice(_environments(f"{one} and {other}"), _MOST))
        if len(environments) == _MOST:
            return True
        return any(
            all(marker.evaluate(dict(environment), context="lock_file") for marker in both)
            for environment in environments
        )
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, RecursionError):
        return True


def _environments(text: str) -> Iterator[Environment]:
    found = list(_TERM.finditer(text))
    variables = {term[1] for term in found if term[1]}
    values = sorted({term[2] or term[3] or "" for term in found if not term[1]})
    choices: list[list[Environment]] = [_pythons(values) if variables & {*_PYTHON} else [{}]]
    if variables & {*_LINKED[:3]}:
        choices.append([dict(zip(_LINKED[:3], names, strict=True)) for names in _PLATFORMS])
    if variables & {*_LINKED[3:]}:
        choices.append([dict(zip(_LINKED[3:], names, strict=True)) for names in _INTERPRETERS])
    for variable in sorted(variables - {*_LINKED, *_PYTHON, "and", "or", "not", "in"}):
        if variable in ("extras", "dependency_groups"):  # who asks for two that exclude each other is told so
            choices.append([{variable: frozenset((value,) if value else ())} for value in ("", *values)])
        else:
            choices.append([{variable: value} for value in ("0", *values)])
    for chosen in product(*choices):
        yield {name: value for part in (_NOTHING_ASKED, *chosen) for name, value in part.items()}


def _pythons(values: list[str]) -> list[Environment]:
    """The versions that are mentioned, and those before and behind them."""
    mentioned = {match[0] for value in values for match in re.finditer(r"\d{1,4}(?:\.\d{1,4})*", value)}
    full = {"3.8.0"}
    for version in mentioned:
        major, minor, patch = [*map(int, version.split(".")), 0, 0, 0][:3]
        full |= {f"{major}.{max(minor + step, 0)}.{max(patch + by, 0)}" for step in (-1, 0, 1) for by in (-1, 0, 1)}
    return [{"python_full_version": one, "python_version": one.rpartition(".")[0]} for one in sorted(full)]
