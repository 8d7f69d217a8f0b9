"""What is known of the names that pickles call: data of ours, never what is installed here.

data/callables.txt says it name by name and is the file to edit; its header explains the sections.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from modelward import __version__
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


_REMEMBERED = 4_096  # names of one pickle: a hostile one has millions
_TABLES = ("callables.txt", "stdlib.txt", "compat_pickle.txt", "keras.txt", "tensorflow_ops.txt")


@cache
def rules_version() -> str:
    """What a result depends on besides bytes and limits: the version of the code, which says what the
    rules are, and the sha256 of the tables that they judge by."""
    digest = hashlib.sha256()
    for name in _TABLES:
        digest.update(_table(name).encode())
    return f"{__version__} sha256:{digest.hexdigest()}"


def find(target: Global) -> Entry | None:
    """What the tables say about exactly this name; None: nothing."""
    return _entry(real_name(target))


@lru_cache(_REMEMBERED)
def _entry(name: tuple[str, str]) -> Entry | None:
    mentions = _tables()[0].get(name)
    if mentions is None:
        return None
    said = dict(mentions)
    return Entry(
        "safe" in said,
        tuple(_condition(text) for text in said.get("safe-with", "").split()),
        "types" in said,
        "reference" in said,
        said.get("dangerous", ""),
    )


def dangerous_alias(target: Global, *, made: bool) -> str:
    """What a dangerous class of the same bare name does: modules import classes, and so offer them under a name
    of their own. Those of the standard library turn up anywhere, if *made* without its constructor to no effect;
    those of another package turn up within it."""
    package = target.module.partition(".")[0]
    return dangerous_classes().get((package, target.name)) or (
        "" if made else dangerous_classes().get(("", target.name), "")
    )


@cache
def dangerous_classes() -> Mapping[tuple[str, str], str]:
    """What classes that are dangerous to call do, by package (none for the standard library) and bare name."""
    return {
        ("" if is_stdlib(module) else module.partition(".")[0], name): dict(mentions)["dangerous"]
        for (module, name), mentions in _tables()[0].items()
        if name.lstrip("_")[:1].isupper() and "." not in name and "dangerous" in dict(mentions)
    }


@lru_cache(_REMEMBERED)
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
def _tables() -> tuple[dict[tuple[str, str], list[tuple[str, str]]], dict[str, str]]:
    """Names with the sections that mention them and what stands there; and the keys of [state]."""
    names: dict[tuple[str, str], list[tuple[str, str]]] = {}
    state: dict[str, str] = {}
    section = ""
    for line in _lines("callables.txt"):
        if line.startswith("["):
            section = line.strip("[]")
            continue
        left, _, rest = line.partition(" = ")
        if section == "state":
            state[left] = rest
            continue
        module, *listed = left.split()
        if section == "safe-with":
            listed, rest = listed[:1], " ".join(listed[1:])
        for name in listed:
            names.setdefault((module, name), []).append((section, rest))
    return names, state


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
