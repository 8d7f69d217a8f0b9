"""What is known of the names that pickles call: data of ours, never what is installed here.

data/callables.txt says it name by name and is the file to edit; its header explains the sections.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from modelward.formats.pickle.values import Global


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of one argument, or what becomes of it; the verbs are those of the table."""

    verb: str
    index: int | None
    """The argument; None stands for all of them."""
    other: int | None = None
    """The second operand of calls and attr."""
    choices: tuple[str, ...] = ()
    """The literals of oneof."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the table says about one name. A name can stand in several sections."""

    safe: bool = False
    conditions: tuple[Condition, ...] = ()
    """Of [safe-with]; empty where the name is not there."""
    is_type: bool = False
    reference: bool = False
    dangerous: str = ""
    """What a call does, as the rest of "loading this file …"."""


_TABLES = ("callables.txt", "stdlib.txt", "compat_pickle.txt")


@cache
def tables_digest() -> str:
    """sha256 over the tables: part of the rule set's version."""
    digest = hashlib.sha256()
    for name in _TABLES:
        digest.update(_table(name).encode())
    return digest.hexdigest()


def find(target: Global) -> Entry | None:
    """What the tables say about exactly this name; None: nothing."""
    return _tables()[0].get(real_name(target))


@cache
def real_name(target: Global) -> tuple[str, str]:
    """(module, name) as a current Python imports it: Python 2 names are mapped below protocol 3."""
    if target.legacy:
        names, modules = _python2()
        found = names.get((target.module, target.name))
        if found:
            return found
        return modules.get(target.module, target.module), target.name
    return target.module, target.name


def is_stdlib(module: str) -> bool:
    """In the standard library of some Python 3.8 or later, or always installed beside it."""
    return module.partition(".")[0] in _stdlib()


@cache
def _stdlib() -> frozenset[str]:
    return frozenset(line for line in _lines("stdlib.txt") if not line.startswith("["))


@cache
def _python2() -> tuple[dict[tuple[str, str], tuple[str, str]], dict[str, str]]:
    names, modules = {}, {}
    for line in _lines("compat_pickle.txt"):
        kind, *fields = line.split("\t")
        if kind == "name":
            names[fields[0], fields[1]] = (fields[2], fields[3])
        else:
            modules[fields[0]] = fields[1]
    return names, modules


def state_keys() -> Mapping[str, str]:
    """Keys of a state whose text code on the way in executes, and what that does."""
    return _tables()[1]


@cache
def _tables() -> tuple[dict[tuple[str, str], Entry], dict[str, str]]:
    entries: dict[tuple[str, str], Entry] = {}
    state: dict[str, str] = {}
    section = ""
    for line in _lines("callables.txt"):
        if line.startswith("["):
            section = line.strip("[]")
            continue
        left, _, does = line.partition(" = ")
        if section == "state":
            state[left] = does
            continue
        module, *names = left.split()
        if section == "safe-with":
            names, conditions = names[:1], tuple(_condition(text) for text in names[1:])
            change: dict[str, Any] = {"conditions": conditions}
        else:
            change = _CHANGES[section] | ({"dangerous": does} if section == "dangerous" else {})
        for name in names:
            entries[module, name] = replace(entries.get((module, name), Entry()), **change)
    return entries, state


_CHANGES: dict[str, dict[str, Any]] = {
    "safe": {"safe": True},
    "types": {"is_type": True},
    "reference": {"reference": True},
    "dangerous": {},
}


def _condition(text: str) -> Condition:
    verb, _, operand = text.partition("=")
    index, _, extra = operand.partition(":")
    at = None if index == "*" else int(index)
    if verb == "oneof":
        return Condition(verb, at, choices=tuple(extra.split(",")))
    return Condition(verb, at, int(extra) if extra else None)


def _lines(name: str) -> Iterator[str]:
    for raw in _table(name).splitlines():
        line = raw.partition("#")[0].strip()
        if line:
            yield line


@cache
def _table(name: str) -> str:
    return files("modelward.checks.scan").joinpath("data", name).read_text("utf-8")
